import { describe, expect, it } from 'vitest'
import type { TrainingPlan } from '../../domain/plan.ts'
import { readRunLedger } from '../../domain/ledger-files.ts'
import { compileTexts, deployedAfter, endpoint, perform, publishTexts, training } from '../support/compiler.ts'

/* What an image is in a place stands in its Environment, so that a spec is the same everywhere. */

const pinned = (name: string) => `${name}@sha256:${'a'.repeat(64)}`

const cluster = (spec: string) => `---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: cluster }
spec:
  cluster: { kubernetes: { context: any, namespaces: { language: ml-language } } }
  ${spec}
`
const onCluster = training().replace('environment: dev', 'environment: cluster')

function planOn(spec: string): TrainingPlan | undefined {
  return compileTexts([onCluster, cluster(spec)]).impact.starts[0]
}

describe('an image that an Environment on Kubernetes names', () => {
  it.each([
    ['by its name alone, whatever its tag', 'example/trainer', 'mirror/trainer:9'],
    ['by its name and tag', 'example/trainer:1', 'mirror/trainer:9'],
    ['by another tag not', 'example/trainer:2', 'example/trainer:1'],
  ])('%s is what runs', (_what, key, image) => {
    expect(planOn(`images: { "${key}": "mirror/trainer:9" }`)).toMatchObject({ image, imageFolder: null })
  })

  it('with its tag goes before the one by its name alone', () => {
    const plan = planOn('images: { example/trainer: "mirror/any:1", "example/trainer:1": "mirror/this:1" }')
    expect(plan?.image).toBe('mirror/this:1')
  })

  it('and nothing that an object inherits is no image', () => {
    const text = onCluster.replace('image: example/trainer:1', 'image: constructor:1')
    const [plan] = compileTexts([text, cluster('images: { example/other: "mirror/other:1" }')]).impact.starts
    expect(plan?.image).toBe('constructor:1')
  })

  it('has to be pinned where the environment wants that, and the spec’s need not be then', () => {
    const codes = (images: string) =>
      compileTexts([onCluster, cluster(`protections: { imagesByDigest: true }\n  images: { ${images} }`)]).problems.map(
        ({ code }) => code,
      )
    expect(codes('example/trainer: "mirror/trainer:9"')).toEqual(['IMAGE_NOT_PINNED'])
    expect(codes(`example/trainer: "${pinned('mirror/trainer')}"`)).toEqual([])
    expect(codes('example/other: "mirror/other:1"')).toEqual(['IMAGE_NOT_PINNED'])
  })

  it('changes nothing of a run that has begun: not its id, and not its manifest', () => {
    const began = publishTexts([onCluster, cluster('images: { example/trainer: "mirror/trainer:9" }')])
    const key = { environment: 'cluster', project: 'language', name: 'letters' }
    const other = compileTexts([onCluster, cluster('images: { example/trainer: "elsewhere/trainer:9" }')], began)
    expect(other.impact.starts).toEqual([])
    expect([...other.change.keys()]).toEqual([])
    const after = deployedAfter(began, other.change)
    expect(readRunLedger(after.files, key)?.runs[0]?.plan?.image).toBe('mirror/trainer:9')
  })

  it('is a folder on the local cluster still', () => {
    const plan = compileTexts([training()]).impact.starts[0]
    expect(plan).toMatchObject({ image: 'example/trainer:1', imageFolder: 'trainer' })
  })
})

it('the folder of an environment’s Applications stays when its last endpoint goes, for Argo CD syncs no folder that is not there', () => {
  const version = {
    ...{ digest: `sha256:${'b'.repeat(64)}`, uri: 'storage/models/b', sizeBytes: 3, stage: 'experimental' as const },
    ...{ run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' }, framework: null },
    ...{ hyperparameters: {}, metrics: {} },
  } as const
  const registered = perform(publishTexts([]), { kind: 'register', project: 'language', model: 'letters', version })
  const pinnedToIt = endpoint().replace('ref: letters,', 'ref: letters, version: 1,')
  const before = publishTexts([pinnedToIt], registered.deployed)
  const applications = ({ files }: typeof before) => [...files.keys()].filter((path) => /^applications.prod/.test(path))
  expect(applications(before)).toContain('applications/prod/language/endpoints/letters.yaml')
  expect(applications(publishTexts([], before))).toEqual(['applications/prod/README.md'])
})
