import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compiled, manifestOf, said } from './shaping.ts'

interface Job {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly priorityClassName?: string
        readonly nodeSelector?: Readonly<Record<string, string>>
        readonly containers: readonly { name: string; env: { name: string }[]; volumeMounts: { name: string }[] }[]
        readonly volumes: readonly { readonly name: string }[]
      }
    }
  }
}

const priority = (value: string): string => `{ op: add, path: /spec/template/spec/priorityClassName, value: ${value} }`
const jobOf = (repository: Parameters<typeof compiled>[0]): Job => load(manifestOf(compiled(repository))) as Job
const podOf = (repository: Parameters<typeof compiled>[0]) => jobOf(repository).spec.template.spec

describe('a patch changes the manifest of a new run', () => {
  it('as a JSON Patch of the Environment', () => {
    expect(podOf({ environment: `  patches: [{ patch: [${priority('high')}] }]` }).priorityClassName).toBe('high')
  })

  it('as a strategic merge patch, which merges lists by their keys and puts what is new last', () => {
    const scratch = `  patches:
    - target: { kind: Job }
      patch:
        spec:
          template:
            spec:
              containers: [{ name: trainer, volumeMounts: [{ name: scratch, mountPath: /scratch }] }]
              volumes: [{ name: scratch, emptyDir: {} }]
`
    const pod = podOf({ environment: scratch })
    expect(pod.containers.map((one) => one.name)).toEqual(['trainer'])
    expect(pod.containers[0]?.volumeMounts.map((one) => one.name)).toEqual(['callback', 'scratch'])
    expect(pod.volumes.map((one) => one.name)).toEqual(['callback', 'scratch'])
  })

  it('as text, as Kustomize takes it', () => {
    const text = `  patches:
    - patch: |-
        apiVersion: batch/v1
        kind: Job
        spec: { template: { spec: { nodeSelector: { pool: gpu } } } }
`
    expect(podOf({ environment: text }).nodeSelector).toEqual({ pool: 'gpu' })
  })

  it('out of a file under templates/', () => {
    const templates = { 'pool.yaml': 'spec: { template: { spec: { nodeSelector: { pool: file } } } }\n' }
    expect(podOf({ environment: '  patches: [{ path: templates/pool.yaml }]', templates }).nodeSelector).toEqual({
      pool: 'file',
    })
  })

  it('of specyard.yaml for its project alone, before those of the Environment, which has the last word', () => {
    const settings = (project: string): string =>
      `projects: { ${project}: { patches: [{ patch: [${priority('project')}] }] } }\n`
    expect(podOf({ settings: settings('language') }).priorityClassName).toBe('project')
    expect(podOf({ settings: settings('vision') }).priorityClassName).toBeUndefined()
    const environment = `  patches: [{ patch: [${priority('environment')}] }]`
    expect(podOf({ settings: settings('language'), environment }).priorityClassName).toBe('environment')
  })

  it('for a project that there is not are warned of at its name, with the nearest one', () => {
    const settings = `projects:\n  langauge: { patches: [{ patch: [${priority('project')}] }] }\n  vision: {}\n`
    const { problems } = compiled({ settings })
    expect(problems.map(({ code, severity, where, hint }) => [code, severity, where.line, where.column, hint])).toEqual(
      [
        ['PROJECT_UNKNOWN', 'warning', 4, 3, 'did you mean language?'],
        ['PROJECT_UNKNOWN', 'warning', 5, 3, 'until there is, this holds for nothing'],
      ],
    )
  })

  it('in the order in which they stand, each on the result of the one before', () => {
    const test = '{ op: test, path: /spec/template/spec/priorityClassName, value: low }'
    const environment = `  patches: [{ patch: [${priority('low')}] }, { patch: [${test}, ${priority('high')}] }]`
    expect(podOf({ environment }).priorityClassName).toBe('high')
  })

  it('of the Service of several nodes where that is its target, and of nothing where there is none', () => {
    const environment = `  patches: [{ target: { kind: Service }, patch: { metadata: { labels: { team: research } } } }]`
    expect(manifestOf(compiled({ environment, training: '  nodes: 2' }))).toMatch(
      /kind: "Service"[^]*team: "research"[^]*---[^]*kind: "Job"/,
    )
    expect(manifestOf(compiled({ environment }))).not.toContain('team')
  })
})

it('the text of a patched manifest is read alike by two parsers', () => {
  const nasty = [
    'no',
    '012',
    '1:30',
    '0x1f',
    '~',
    'a: b',
    '# c',
    'x\n y\n',
    'lines\nof text\n',
    '  led\n',
    '\u0085',
    "'",
  ]
  const environment = `  patches: [{ patch: ${JSON.stringify([
    { op: 'add', path: '/metadata/annotations/nasty', value: nasty.join('|') },
    ...nasty.map((value, index) => ({ op: 'add', path: `/metadata/annotations/n${index}`, value })),
    { op: 'add', path: '/spec/template/metadata/labels/on', value: 'yes' },
  ])} }]`
  const text = manifestOf(compiled({ environment }))
  const object = load(text)
  expect(parse(text)).toEqual(object)
  expect(parse(text, { version: '1.1' })).toEqual(object)
  expect(object).toMatchObject({
    metadata: { annotations: Object.fromEntries(nasty.map((one, index) => [`n${index}`, one])) },
  })
})

describe('a patch that cannot be applied is told at its place', () => {
  const file = (content: string) => ({
    environment: '  patches: [{ path: templates/p.yaml }]',
    templates: { 'p.yaml': content },
  })
  it.each([
    [
      'a path that leads nowhere, at the operation',
      file(
        '- { op: add, path: /metadata/annotations/a, value: b }\n- { op: replace, path: /spec/nothing, value: 1 }\n',
      ),
      ['templates/p.yaml:2:3 PATCH_FAILED replace /spec/nothing: the path leads nowhere in the Job'],
    ],
    [
      'a parent that is missing',
      file('- { op: add, path: /spec/template/metadata/annotations/a, value: b }\n'),
      [
        'templates/p.yaml:1:3 PATCH_FAILED add /spec/template/metadata/annotations/a: the path leads nowhere in the Job',
      ],
    ],
    [
      'a test that fails, with what stands there',
      file('- { op: test, path: /spec/backoffLimit, value: 6 }\n'),
      ['templates/p.yaml:1:3 PATCH_FAILED test /spec/backoffLimit: there stands 0'],
    ],
    [
      'an operation that is not known',
      file('- { op: merge, path: /spec }\n'),
      ['templates/p.yaml:1:3 PATCH_INVALID the operation "merge" is not known'],
    ],
    [
      'a path that is no JSON pointer',
      file('- { op: remove, path: spec.suspend }\n'),
      ['templates/p.yaml:1:3 PATCH_INVALID "spec.suspend" is no JSON pointer'],
    ],
    [
      'a path that the library would go another way for',
      file('- { op: add, path: /metadata/labels/constructor, value: a }\n- { op: remove, path: /__proto__/x }\n'),
      [
        'templates/p.yaml:1:3 PATCH_INVALID "/metadata/labels/constructor" holds a key that no patch can have',
        'templates/p.yaml:2:3 PATCH_INVALID "/__proto__/x" holds a key that no patch can have',
      ],
    ],
    [
      'the whole object',
      file('- { op: replace, path: "", value: { kind: Job } }\n'),
      ['templates/p.yaml:1:3 PATCH_INVALID the operation replace is for the whole object'],
    ],
    [
      'a patch that takes everything away',
      file('$patch: delete\n'),
      ['templates/p.yaml:1:1 MANIFEST_PROMISE the manifest makes nothing, and must make Job of batch/v1'],
    ],
    [
      'a patch that is neither',
      file('text\n'),
      ['templates/p.yaml:1:1 PATCH_INVALID a patch is a list of operations or a part of the object'],
    ],
    [
      'a patch of another kind',
      file('kind: Pod\nspec: {}\n'),
      ['templates/p.yaml:1:7 PATCH_INVALID nothing of the kind "Pod" is rendered'],
    ],
    [
      'several documents',
      file('a: 1\n---\nb: 2\n'),
      ['specs/2.yaml:6:21 PATCH_INVALID the patch holds more than one document'],
    ],
    [
      'a directive in capitals',
      file('spec:\n  template:\n    spec:\n      volumes:\n        - { $patch: Replace }\n'),
      ['templates/p.yaml:5:21 PATCH_INVALID the directive "Replace" is not known'],
    ],
    [
      'a directive that is not known, and one that is no text',
      file('$patch: remove\nspec: { template: { $patch: true } }\n'),
      [
        'templates/p.yaml:1:9 PATCH_INVALID the directive "remove" is not known',
        'templates/p.yaml:2:29 PATCH_INVALID the directive true is not known',
      ],
    ],
    ['a file that is no YAML', file('a: [\n'), ['templates/p.yaml:2:1 YAML_SYNTAX']],
    [
      'a file that is not there',
      { environment: '  patches: [{ path: templates/q.yaml }]' },
      ['specs/2.yaml:6:21 TEMPLATE_UNKNOWN there is no file templates/q.yaml in the spec repository'],
    ],
    [
      'both a patch and a path',
      { environment: '  patches: [{ path: templates/q.yaml, patch: "a: 1" }]' },
      ['specs/2.yaml:6:13 PATCH_INVALID a patch has either patch or path'],
    ],
    [
      'text in a block, at its line',
      {
        environment:
          '  patches:\n    - patch: |\n        - op: test\n          path: /spec/backoffLimit\n          value: 6\n',
      },
      ['specs/2.yaml:8:1 PATCH_FAILED test /spec/backoffLimit: there stands 0'],
    ],
  ])('%s', (_title, repository, expected) => {
    const lines = said(compiled(repository))
    expect(lines.length).toBe(expected.length)
    lines.forEach((line, index) => expect(line).toContain(expected[index]))
  })
})

describe('what specyard.yaml says of a project and does not fit is told at its place', () => {
  it.each([
    [
      'a misspelt key',
      'projects: { language: { patchs: [] } }',
      'specyard.yaml:3:25 KEY_UNKNOWN the key "patchs" is not known here',
    ],
    [
      'a list for a project',
      'projects: { language: [] }',
      'specyard.yaml:3:23 TYPE_WRONG it is [], and must be a mapping',
    ],
    [
      'patches that are no list',
      'projects: { language: { patches: {} } }',
      'specyard.yaml:3:34 TYPE_WRONG patches is {}, and must be a list',
    ],
    [
      'a template elsewhere',
      'projects: { language: { templates: { job: ../job.hbs } } }',
      'specyard.yaml:3:43 FORMAT_WRONG it is "../job.hbs", and must be a file such as templates/job.hbs',
    ],
    [
      'an unknown kind',
      'projects: { language: { patches: [{ target: { kind: Pod }, patch: [] }] } }',
      'specyard.yaml:3:53 VALUE_NOT_ALLOWED the kind is "Pod"',
    ],
    ['YAML that cannot be read', 'projects: [', 'specyard.yaml:4:1 YAML_SYNTAX'],
  ])('%s', (_title, settings, expected) => {
    expect(said(compiled({ settings: `${settings}\n` })).join('\n')).toContain(expected)
  })
})
