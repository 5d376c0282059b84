import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { renderJob } from '../../compiler/render/job.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { resolveVariables } from '../../local/kubelet/variables.ts'
import type { PodVariable } from '../../local/store/pod-spec.ts'
import { compileTexts, training } from '../support/compiler.ts'

const base = (name: string, spec: string) => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: ${spec}
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: 's3://data/${name}', format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
const kubernetes = 'cluster: { kubernetes: { context: gpu, namespaces: { language: ml } } }'
const environments = {
  kubernetes: base('a', `{ ${kubernetes}, callback: { url: 'https://specyard.example.com' } }`),
  slashed: base('a', `{ ${kubernetes}, callback: { url: 'https://specyard.example.com/api/' } }`),
  silent: base('a', `{ ${kubernetes} }`),
  local: base('a', '{ cluster: local, images: { example/trainer: trainer } }'),
}

function planned(environment: keyof typeof environments, more = ''): TrainingPlan {
  const { impact, problems } = compileTexts([training('letters', more)], undefined, environments[environment])
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return impact.starts[0] as TrainingPlan
}

function variablesOf(plan: TrainingPlan): readonly PodVariable[] {
  const job = load(renderJob(plan, { attempt: 1, checkpointUri: null })) as {
    spec: { template: { spec: { containers: { env: PodVariable[] }[] } } }
  }
  return job.spec.template.spec.containers[0]?.env ?? []
}

/** As the trainer's process finds them. */
function environmentOf(plan: TrainingPlan): Readonly<Record<string, string>> {
  const resolved = resolveVariables(variablesOf(plan), {
    given: plan.cluster === 'local' ? { BACKEND_BASE_URL: 'http://127.0.0.1:8600' } : {},
    forced: {},
    ...{ namespace: 'ml', podName: 'pod', podUid: 'pod-uid-1', labels: {} },
    secret: (name) => ({ format: 1, name, namespace: 'ml', data: { token: 'secret' }, lease: null }),
  })
  if ('missing' in resolved) throw new Error(resolved.missing)
  return resolved.environment
}

const theirs = (plan: TrainingPlan) =>
  Object.fromEntries(Object.entries(environmentOf(plan)).filter(([name]) => name.startsWith('KUBEFLOW_')))

describe('a trainer that knows Kubeflow Trainer’s contract', () => {
  it.each([
    ['kubernetes', 'https://specyard.example.com', '/var/run/specyard/callback/token'],
    ['slashed', 'https://specyard.example.com/api', '/var/run/specyard/callback/token'],
    ['local', 'http://127.0.0.1:8600', 'callback/token'],
  ] as const)('finds where to report, its pod’s own address, on %s', (environment, url, token) => {
    const plan = planned(environment)
    expect(theirs(plan)).toEqual({
      KUBEFLOW_TRAINER_SERVER_URL: `${url}/v1/jobs/${plan.id}/trainer-status?pod_uid=pod-uid-1`,
      KUBEFLOW_TRAINER_SERVER_TOKEN: token,
      KUBEFLOW_TRAINER_SERVER_CA_CERT: '/etc/ssl/certs/ca-certificates.crt',
    })
    expect(environmentOf(plan)).toMatchObject({ CALLBACK_TOKEN_FILE: token })
  })

  it('finds nothing where there is nobody to report to', () => {
    expect(theirs(planned('silent'))).toEqual({})
  })

  it('may be told by its spec which authorities to trust, and that it shall not report', () => {
    const env = "  env: { KUBEFLOW_TRAINER_SERVER_CA_CERT: /own/ca.pem, DISABLE_KUBEFLOW_INTEGRATION: 'TRUE' }\n"
    const plan = planned('kubernetes', env)
    expect(environmentOf(plan)).toMatchObject({
      ...{ KUBEFLOW_TRAINER_SERVER_CA_CERT: '/own/ca.pem', DISABLE_KUBEFLOW_INTEGRATION: 'TRUE' },
    })
    expect(new Set(variablesOf(plan).map(({ name }) => name)).size).toBe(variablesOf(plan).length)
  })

  it.each(['KUBEFLOW_TRAINER_SERVER_URL', 'KUBEFLOW_TRAINER_SERVER_TOKEN'])(
    'is not told by its spec of another %s',
    (name) => {
      const { problems } = compileTexts([training('letters', `  env: { ${name}: x }\n`)])
      expect(problems).toMatchObject([{ code: 'VARIABLE_RESERVED' }])
    },
  )

  it('of a plan that was made before keeps what a person wrote', () => {
    const plan = planned('kubernetes')
    const written = [...plan.variables, { name: 'KUBEFLOW_TRAINER_SERVER_URL', value: 'https://kubeflow.example.com' }]
    const names = variablesOf({ ...plan, variables: written }).map(({ name }) => name)
    expect(theirs({ ...plan, variables: written })).toMatchObject({
      KUBEFLOW_TRAINER_SERVER_URL: 'https://kubeflow.example.com',
    })
    expect(new Set(names).size).toBe(names.length)
  })
})

it('a variable that is made of others stands after them, as Kubernetes wants it', () => {
  for (const environment of ['kubernetes', 'local'] as const) {
    const variables = variablesOf(planned(environment))
    const before = new Set(environment === 'local' ? ['BACKEND_BASE_URL'] : [])
    for (const { name, value } of variables) {
      const asked = [...(value ?? '').matchAll(/\$\(([^)]+)\)/g)].map(([, other]) => other)
      for (const other of asked) expect(before, `${other ?? ''} before ${name}`).toContain(other)
      before.add(name)
    }
  }
})
