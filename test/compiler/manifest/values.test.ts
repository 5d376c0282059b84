import fc from 'fast-check'
import { loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { checkValues, valuesCheck } from '../../../compiler/manifest/values.ts'
import { renderJob } from '../../../compiler/render/job.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import { compileTexts, endpoint, training } from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { plan as planned } from '../../support/reconciler.ts'

const plan: TrainingPlan = {
  ...planned,
  cluster: 'kubernetes',
  namespace: 'ml-language',
  imageFolder: null,
  name: 'letters',
}
const definitions = kubernetesSchemas.of('1.36')

/** Words of which many are fine for the API server and many are not. */
const word = fc.oneof(
  hostileText.filter((one) => one !== ''),
  fc.constantFrom(
    'wandb',
    'a.b',
    'Upper',
    'with space',
    'nvidia.com/gpu',
    'gpu',
    'a/b/c',
    '-x',
    'x'.repeat(64),
    'a_b',
    '..',
    'key.pem',
  ),
)
const text = fc.oneof(hostileText, fc.constantFrom('/data', 'data', '../up', '/a/../b'))
const some = fc.record({
  image: word,
  variables: fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[A-Z]{9}$/), secret: word, key: word }), {
    selector: (one) => one.name,
    maxLength: 2,
  }),
  volumes: fc.constantFrom('claim', 'hostPath').chain((kind) =>
    fc.array(
      fc.record({
        source: text
          .filter((one) => one !== '')
          .map((one) => ({ [kind]: one }) as { claim: string } | { hostPath: string }),
      }),
      { maxLength: 1 },
    ),
  ),
  gpuResource: word,
  nodeSelector: fc.dictionary(
    word.filter((one) => one !== '__proto__'),
    word,
    { maxKeys: 2 },
  ),
  tolerations: fc.array(
    fc.record({ key: word, operator: fc.constantFrom('Exists' as const, 'Equal' as const), value: fc.option(word) }),
    { maxLength: 1 },
  ),
})

type Some = typeof some extends fc.Arbitrary<infer One> ? One : never

function planOf({ image, variables, volumes, gpuResource, nodeSelector, tolerations }: Some): TrainingPlan {
  return {
    ...{ ...plan, image, variables },
    volumes: volumes.map(({ source }) => ({ name: 'data', source, mountPath: '/data', readOnly: true })),
    resources: {
      ...{ ...plan.resources, gpus: 1, gpuResource, nodeSelector },
      tolerations: tolerations.map((each) => ({ ...each, effect: null })),
    },
  }
}

it('a plan is refused for the same, whichever plans were checked before it', () => {
  const sound = fc.constant<Some>({
    ...{ image: 'a', variables: [], volumes: [], gpuResource: 'nvidia.com/gpu', nodeSelector: {}, tolerations: [] },
  })
  const changed = fc.tuple(sound, some, fc.constantFrom(...(['image', 'variables', 'volumes', 'gpuResource'] as const)))
  const near = changed.map(([one, other, key]): Some => ({ ...one, [key]: other[key] }))
  fc.assert(
    fc.property(fc.array(fc.oneof(sound, near, some), { maxLength: 12 }), (many) => {
      const check = valuesCheck()
      const plans = many.map(planOf)
      expect(plans.map((one) => check(one))).toEqual(plans.map((one) => checkValues(one)))
    }),
  )
})

it('what a plan brings is refused where the server would refuse its manifest, and only there', () => {
  let refused = 0
  fc.assert(
    fc.property(some, (drawn) => {
      const one = planOf(drawn)
      const [manifest] = loadAll(renderJob(one, { attempt: 1, checkpointUri: null }))
      const whole = checkObject(manifest, definitions).length > 0
      if (whole) refused += 1
      expect(checkValues(one).length > 0).toBe(whole)
    }),
    { numRuns: 150 },
  )
  expect(refused).toBeGreaterThan(20)
}, 60_000)

const prod = (more: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: gpus }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } }
${more}`
const inGpus = (more: string): string => training('letters', more).replace('environment: dev', 'environment: gpus')

describe('what the API server would refuse is told where it is written', () => {
  it.each([
    [
      'the name of a Secret',
      inGpus('  env: { TOKEN: { secret: My Secret, key: token } }'),
      prod(''),
      [
        'specs/1.yaml:12:27 variables.TOKEN.secret is "My Secret", and may hold lower-case letters, digits, inner hyphens and dots',
      ],
    ],
    [
      'a label of the nodes',
      inGpus('  resources: { gpus: 1, gpuType: T4 }'),
      prod('  gpuTypes: { T4: { nodeSelector: { pool: tesla t4 } } }'),
      ['specs/2.yaml:6:43 resources.nodeSelector.pool is "tesla t4", and may hold letters, digits and inner - _ .'],
    ],
    [
      'the claim of a storage',
      inGpus(''),
      prod('  storage: { type: pvc, claim: My Data }'),
      [
        'specs/2.yaml:6:32 volumes.0.persistentVolumeClaim.claimName is "My Data", and may hold lower-case letters, digits, inner hyphens and dots',
      ],
    ],
    [
      'the Secret of a storage, once for its two variables',
      inGpus(''),
      prod('  storage: { type: s3, bucket: b, credentialsSecret: S3_credentials }'),
      [
        'specs/2.yaml:6:54 variables.S3_ACCESS_KEY_ID.secret is "S3_credentials", and may hold lower-case letters, digits, inner hyphens and dots',
      ],
    ],
    [
      'the Secret of a tracker, once for its two variables',
      inGpus(''),
      prod('  tracker: { mlflow: { url: "http://mlflow:5000", credentialsSecret: ML_flow } }'),
      [
        'specs/2.yaml:6:70 variables.MLFLOW_TRACKING_PASSWORD.secret is "ML_flow", and may hold lower-case letters, digits, inner hyphens and dots',
      ],
    ],
    [
      'a Secret in the overlay of an endpoint',
      endpoint().replace(
        /environments: .*/,
        'environments: { gpus: { env: { TOKEN: { secret: My Secret, key: t } } } }',
      ),
      prod(''),
      [
        'specs/1.yaml:11:51 variables.TOKEN.secret is "My Secret", and may hold lower-case letters, digits, inner hyphens and dots',
      ],
    ],
  ])('%s', (_title, spec, environment, expected) => {
    const { problems } = compileTexts([spec, environment])
    expect(
      problems
        .filter((one) => one.severity === 'error')
        .map(({ where, message }) => `${where.file}:${where.line}:${where.column} ${message}`),
    ).toEqual(expected)
    expect(problems[0]?.code).toBe('MANIFEST_REFUSED')
  })

  it.each([
    ['S3_credentials', 'for example "s3-credentials"; what is meant has that name in the cluster too'],
    ['_', 'write one that Kubernetes takes'],
  ])('the Secret %s is told with a remedy', (secret, hint) => {
    const environment = prod(`  storage: { type: s3, bucket: b, credentialsSecret: ${secret} }`)
    expect(compileTexts([inGpus(''), environment]).problems.map((one) => one.hint)).toEqual([hint])
  })

  it('on the local cluster, which has no API server, nothing is refused for it', () => {
    const { problems } = compileTexts([training('letters', '  env: { TOKEN: { secret: My Secret, key: token } }')])
    expect(problems).toEqual([])
  })
})
