import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSpecs } from '../../../compiler/compile.ts'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import { readManifests } from '../../../compiler/load/manifest.ts'
import { admissionOf } from '../../../compiler/policy/admission.ts'
import { judge } from '../../../compiler/policy/judge.ts'
import { catalogue } from '../../../compiler/resolve/catalogue.ts'
import { address, chart, compileTexts, nothing, source, sourcesOf, training } from '../../support/compiler.ts'
import { attempts, harmless, type Loose } from '../../support/policy/attempts.ts'
import { starterPack } from '../../support/policy/starter.ts'
import type { KubernetesObject } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'

/*
 * The starter pack as the API server's own policies: what the compiler refuses, the API server refuses too, from whoever it comes.
 */

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const environmentName = `admission-${process.pid}`
const objects: KubernetesObject[] = []
let cluster: Cluster
let namespace: string
let other: string
let manifest: Loose

interface PolicyStatus {
  readonly status?: {
    readonly observedGeneration?: number
    readonly typeChecking?: { readonly expressionWarnings?: readonly unknown[] }
  }
}

const policyPath = (name: string): string => `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${name}`

/** Asks the API server for a Job without making it. */
async function tried(job: Loose): Promise<{ readonly status: number; readonly message: string }> {
  const path = `/apis/batch/v1/namespaces/${job.metadata.namespace as string}/jobs?dryRun=All`
  const { status, body } = await cluster.kubernetes.request('POST', path, job)
  return { status, message: (JSON.parse(body) as { message?: string }).message ?? '' }
}

beforeAll(async () => {
  cluster = theCluster()
  ;[namespace, other] = await Promise.all([makeNamespace(cluster, 'language'), makeNamespace(cluster, 'foreign')])
  const environments = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${environmentName} }
spec:
  cluster: { kubernetes: { context: bed, namespaces: { language: ${namespace} } } }
  lease: { image: busybox@${digest} }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: s3://data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
  const spec = training('letters')
    .replace('environment: dev', `environment: ${environmentName}`)
    .replace('trainer:1', `trainer@${digest}`)
  const pack = [...starterPack.values()].map((text) => text.replace('[prod]', `[${environmentName}]`))
  const input: CompileInput = {
    ...{ sources: sourcesOf([spec, ...pack], environments), source, deployed: nothing, chart, deploy: address, judge },
  }
  const loaded = loadSpecs(input, [])
  const known = catalogue(loaded.specs, loaded.broken).catalogue
  const environment = known.environments.get(environmentName)
  if (!environment) throw new Error('the test has lost its environment')
  for (const { value } of known.policies) {
    const made = admissionOf(value, environment.value, [environment.value])
    if (made.is === 'objects') objects.push(...(made.objects as unknown as KubernetesObject[]))
  }
  const { tree, problems } = compileTexts([spec, ...pack], nothing, environments)
  if (!tree) throw new Error(JSON.stringify(problems))
  const text = [...tree].find(([path]) => /\/jobs\/letters.*\.yaml$/.test(path))?.[1] ?? ''
  manifest = readManifests(text)[0]
  // What is not named by its digest breaks `image-digests` too, and the API server names one policy alone: that one is accepted and not bound.
  const isBound = ({ kind, metadata }: KubernetesObject): boolean =>
    !kind.endsWith('Binding') || !metadata.name.includes('image-digests')
  for (const object of objects.filter(isBound)) await cluster.kubernetes.apply(object)
})

afterAll(async () => {
  for (const { kind, metadata } of objects)
    await cluster.kubernetes.remove(
      `/apis/admissionregistration.k8s.io/v1/${kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolicies' : 'validatingadmissionpolicybindings'}/${metadata.name}`,
    )
  await Promise.all([namespace, other].map((one) => removeNamespace(cluster, one)))
})

describe('the starter pack in the API server', () => {
  it('is accepted, and its types are right for every kind that it is about', async () => {
    const names = objects
      .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
      .map(({ metadata }) => metadata.name)
    expect(names).toHaveLength(10)
    for (const name of names) {
      const isChecked = ({ status }: PolicyStatus): boolean => status?.observedGeneration !== undefined
      const { status } = await cluster.kubernetes.until<PolicyStatus>(policyPath(name), 'to be checked', isChecked, 60)
      expect(status?.typeChecking?.expressionWarnings ?? [], name).toEqual([])
    }
  })

  it('lets through what Specyard renders, as it is and with what is harmless', async () => {
    for (const change of harmless) {
      const job: Loose = structuredClone(manifest)
      change(job)
      // A priority class has to be there, which is another matter.
      delete job.spec.template.spec.priorityClassName
      expect(await tried(job), String(change)).toEqual({ status: 201, message: '' })
    }
  })

  it('refuses every attempt that the compiler refuses, or the API server has its own reason', async () => {
    const wanted = [...attempts()]
    const settled = (one: (typeof wanted)[number]): Promise<{ status: number; message: string }> => {
      const job: Loose = one.change(manifest)
      if (one.policy === 'own-namespace') job.metadata.namespace = other
      return tried(job)
    }
    const policies = [...new Set(wanted.map((one) => one.policy))]
    // Bindings count a moment after they are written.
    for (const policy of policies) {
      const some = wanted.filter((one) => one.policy === policy).slice(0, 12)
      const holds = async (): Promise<boolean> => {
        const answers = await Promise.all(some.map(settled))
        return answers.some(({ message }) => message.includes(`.${policy}.specyard.dev`))
      }
      await until(`the API server to hold to ${policy}`, holds, { seconds: 30 })
    }
    const byPolicy = new Map<string, number>()
    for (const one of wanted) {
      const { status, message } = await settled(one)
      expect([one.title, status], message).toEqual([one.title, 422])
      const by = /ValidatingAdmissionPolicy '[^.]+\.([a-z-]+)\.specyard\.dev'/.exec(message)?.[1]
      // The API server's own validation comes first: what can never be a Job needs no policy.
      byPolicy.set(by ?? 'validation', (byPolicy.get(by ?? 'validation') ?? 0) + 1)
    }
    expect(byPolicy.get('validation') ?? 0).toBeLessThan(wanted.length / 4)
    expect([...byPolicy.keys()]).toEqual(expect.arrayContaining(policies))
  })

  it('leaves other namespaces and what is not of Specyard alone', async () => {
    const job: Loose = structuredClone(manifest)
    job.metadata.namespace = other
    delete job.metadata.labels['specyard.dev/project']
    job.spec.template.spec.hostNetwork = true
    expect((await tried(job)).status).toBe(201)
  })
})
