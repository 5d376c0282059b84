import { describe, expect, it } from 'vitest'
import { compiled, manifestOf, said } from './shaping.ts'

const patched = (...operations: readonly object[]) =>
  compiled({ environment: `  patches:\n    - patch: ${JSON.stringify(operations)}\n` })
const pod = '/spec/template/spec'

/** What Specyard needs to keep its promises, and a patch that would take it away. */
describe('a patch may not break a promise:', () => {
  it.each([
    ['the name', { op: 'replace', path: '/metadata/name', value: 'other' }, '/metadata/name is changed'],
    ['the namespace', { op: 'replace', path: '/metadata/namespace', value: 'other' }, '/metadata/namespace is changed'],
    [
      'a finalizer, which would hold up every prune',
      { op: 'add', path: '/metadata/finalizers', value: ['a.b/c'] },
      '/metadata/finalizers may not be set',
    ],
    [
      'the label of the run',
      { op: 'replace', path: '/metadata/labels/job-id', value: 'x' },
      '/metadata/labels/job-id must be',
    ],
    [
      'the label of the run on the pod',
      { op: 'remove', path: '/spec/template/metadata/labels/job-id' },
      '/spec/template/metadata/labels/job-id must be',
    ],
    [
      'the label of the trace',
      { op: 'remove', path: '/metadata/labels/trace-id' },
      '/metadata/labels/trace-id must be',
    ],
    [
      'the digest',
      { op: 'remove', path: '/metadata/annotations/specyard.dev~1digest' },
      '/metadata/annotations/specyard.dev~1digest must be',
    ],
    [
      'no hook of Argo CD',
      { op: 'add', path: '/metadata/annotations/argocd.argoproj.io~1hook', value: 'Sync' },
      '/metadata/annotations/argocd.argoproj.io~1hook would have',
    ],
    [
      'no hook of Helm',
      { op: 'add', path: '/metadata/annotations/helm.sh~1hook', value: 'post-install' },
      '/metadata/annotations/helm.sh~1hook would have',
    ],
    [
      'no Force or Replace',
      { op: 'add', path: '/metadata/annotations/argocd.argoproj.io~1sync-options', value: 'Force=true' },
      'sync-options would have',
    ],
    [
      'no TTL',
      { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 60 },
      '/spec/ttlSecondsAfterFinished may not be set',
    ],
    ['no retry in the Job', { op: 'replace', path: '/spec/backoffLimit', value: 6 }, '/spec/backoffLimit is changed'],
    [
      'the failure policy',
      { op: 'remove', path: '/spec/podFailurePolicy/rules/1' },
      '/spec/podFailurePolicy is changed',
    ],
    [
      'one pod at once',
      { op: 'replace', path: '/spec/podReplacementPolicy', value: 'TerminatingOrFailed' },
      '/spec/podReplacementPolicy is changed',
    ],
    ['the time limit', { op: 'remove', path: '/spec/activeDeadlineSeconds' }, '/spec/activeDeadlineSeconds is changed'],
    ['no suspension', { op: 'add', path: '/spec/suspend', value: true }, '/spec/suspend may not be set'],
    [
      'no restart',
      { op: 'replace', path: `${pod}/restartPolicy`, value: 'OnFailure' },
      `${pod}/restartPolicy is changed`,
    ],
    [
      'the lease',
      { op: 'remove', path: `${pod}/initContainers` },
      `${pod}/initContainers must begin with the container lease`,
    ],
    [
      'the lease first',
      { op: 'add', path: `${pod}/initContainers/0`, value: { name: 'early', image: 'a' } },
      `${pod}/initContainers must begin with the container lease`,
    ],
    [
      'the check of the lease',
      { op: 'replace', path: `${pod}/initContainers/0/command`, value: ['true'] },
      `${pod}/initContainers/0/command of the container lease is changed`,
    ],
    [
      'the trainer first',
      { op: 'add', path: `${pod}/containers/0`, value: { name: 'proxy', image: 'a' } },
      `${pod}/containers must begin with the container trainer`,
    ],
    [
      'the token',
      { op: 'replace', path: `${pod}/containers/0/env/1`, value: { name: 'CALLBACK_TOKEN', value: 'x' } },
      'gives CALLBACK_TOKEN another value',
    ],
    ['every variable', { op: 'remove', path: `${pod}/containers/0/env/0` }, 'lacks ATTEMPT'],
    ['the file of the token', { op: 'remove', path: `${pod}/volumes/0` }, `${pod}/volumes lacks callback`],
  ])('%s', (_title, operation, expected) => {
    const lines = said(patched({ op: 'add', path: '/metadata/annotations/fine', value: 'x' }, operation))
    const [line] = lines.filter((one) => one.includes('MANIFEST_PROMISE'))
    expect(line).toContain(expected)
    // At the operation that does it, and not at the one before.
    expect(line).toMatch(/^specs\/2\.yaml:7:\d{2,}/)
    expect(Number(line?.split(':')[2]?.split(' ')[0])).toBeGreaterThan(60)
  })
})

it.each([
  ['a label of its own', { op: 'add', path: '/metadata/labels/team', value: 'research' }],
  ['an annotation of the pod', { op: 'add', path: '/spec/template/metadata/annotations', value: { a: 'b' } }],
  ['a service account', { op: 'add', path: `${pod}/serviceAccountName`, value: 'trainer' }],
  ['a mirror of the image', { op: 'replace', path: `${pod}/containers/0/image`, value: 'mirror/trainer:1' }],
  ['a sidecar', { op: 'add', path: `${pod}/containers/-`, value: { name: 'sidecar', image: 'a' } }],
  [
    'an init container after the lease',
    { op: 'add', path: `${pod}/initContainers/-`, value: { name: 'fetch', image: 'a' } },
  ],
  ['a variable', { op: 'add', path: `${pod}/containers/0/env/-`, value: { name: 'NCCL_DEBUG', value: 'INFO' } }],
  ['resources', { op: 'replace', path: `${pod}/containers/0/resources/limits/cpu`, value: '8' }],
])('a patch may bring %s', (_title, operation) => {
  const result = patched(operation)
  expect(said(result)).toEqual([])
  expect(manifestOf(result)).toContain('patched')
})

it('what the API server would refuse of a patched manifest is told at the patch', () => {
  expect(said(patched({ op: 'add', path: `${pod}/nodeSelector`, value: { pool: 'with space' } }))).toEqual([
    'specs/2.yaml:7:85 MANIFEST_REFUSED Job /spec/template/spec/nodeSelector/pool is "with space", and may hold letters, digits and inner - _ .',
  ])
})

describe('what is wrong in a patch is told exactly where it stands', () => {
  const volumes = `spec:
  template:
    spec:
      containers:
        - name: trainer
          env:
            - { name: FIRST, value: a }
            - { name: SECOND, value: 2 }
        - { name: side, image: a, comand: [b] }
      tolerations:
        - { key: a, operator: Exists }
        - { key: b, operator: Like }
      volumes:
        - { name: scratch, emptyDir: {} }
        - { name: Shared, emptyDir: {} }
`
  const operations = `- op: add
  path: /spec/template/spec/volumes/-
  value:
    name: scratch
    emptyDir:
      sizeLimit: big
- { op: add, path: /spec/template/spec/nodeSelectors, value: { pool: gpu } }
`
  // Where the schema is not met, the rules beyond it are not asked.
  it.each([
    ['a value in the second entry of a list that is merged', volumes, /env\/\d+\/value is 2/, '8:38'],
    ['an unknown field, at its key', volumes, /comand is no field/, '9:35'],
    [
      'an entry of a list that is replaced',
      volumes.replace('2 }', 'a }').replace('comand', 'command'),
      /operator is/,
      '12:31',
    ],
    [
      'the second entry of another list',
      volumes.replace('2 }', 'a }').replace('comand', 'command'),
      /"Shared"/,
      '15:19',
    ],
    ['inside the value of an operation', operations, /sizeLimit is "big"/, '6:18'],
    ['an unknown field that an operation adds, at the value', operations, /nodeSelectors is no field/, '7:62'],
  ])('%s', (_title, patch, message, place) => {
    const result = compiled({ environment: '  patches: [{ path: templates/a.yaml }]', templates: { 'a.yaml': patch } })
    const found = said(result).find((one) => message.test(one))
    expect(found?.split(' ')[0]).toBe(`templates/a.yaml:${place}`)
  })
})

it('an image that a patch brings is wanted by its digest where all are', () => {
  const bring = (image: string) => ({ op: 'add', path: `${pod}/containers/-`, value: { name: 'sidecar', image } })
  const pinned = `a@sha256:${'0'.repeat(64)}`
  const environment = (image: string): string =>
    `  images: { example/trainer: ${pinned} }\n  protections: { imagesByDigest: true }\n  patches:\n    - patch: ${JSON.stringify([bring(image)])}\n`
  expect(said(compiled({ environment: environment(pinned) }))).toEqual([])
  expect(said(compiled({ environment: environment('a:1') })).join()).toMatch(
    /^specs\/2\.yaml:9:103 IMAGE_NOT_PINNED Job .*\/containers\/1\/image is "a:1"/,
  )
})

it('a field is refused by the Kubernetes that an Environment names, and --kube-version speaks instead of it', () => {
  const gang = { op: 'add', path: `${pod}/schedulingGroup`, value: { podGroupName: 'a' } }
  const environment = (version: string): string =>
    `  kubernetesVersion: "${version}"\n  patches:\n    - patch: ${JSON.stringify([gang])}\n`
  expect(said(compiled({ environment: environment('1.36') }))).toEqual([])
  expect(said(compiled({ environment: environment('1.34') })).join()).toContain('schedulingGroup is no field there')
  expect(said(compiled({ environment: environment('1.34'), kubernetesVersion: '1.36' }))).toEqual([])
})
