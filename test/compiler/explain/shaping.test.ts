import { expect, it, vi } from 'vitest'
import { explainSpec } from '../../../compiler/explain/explain.ts'
import type { Explained } from '../../../compiler/explain/explained.ts'
import { inputOf, ownTemplate, type Repository } from '../shape/shaping.ts'

// A rendering by a template of a user is read by two parsers, for each of a hundred values.
vi.setConfig({ testTimeout: 60_000 })

function explained(repository: Repository): Explained {
  const answer = explainSpec(inputOf(repository), { spec: 'letters', rendered: true })
  if (answer.is !== 'explained') throw new Error(JSON.stringify(answer))
  return answer.explained
}

/** Each line of the manifest with the places of what made it; or of the Application. */
function lines(repository: Repository, of: 'manifest' | 'Application' = 'manifest'): readonly string[] {
  const [manifest, application] = explained(repository).files
  return ((of === 'manifest' ? manifest : application)?.lines ?? []).map(({ text, values }) => {
    const places = values.map(({ origin: { from, where } }) => `${from} ${where ? `${where.file}:${where.line}` : ''}`)
    return `${text.trim()} <- ${places.join(', ')}`
  })
}

const lineOf = (part: string): number => ownTemplate.slice(0, ownTemplate.indexOf(part)).split('\n').length

it('a line names the line of the template that it comes from, behind the values that it changes with', () => {
  const templates = { 'job.hbs': ownTemplate }
  const found = lines({ environment: '  templates: { job: templates/job.hbs }', templates })
  expect(found).toContain(`restartPolicy: Never <- template templates/job.hbs:${lineOf('restartPolicy: Never')}`)
  expect(found).toContain(`- name: trainer <- template templates/job.hbs:${lineOf('- name: trainer')}`)
  const image = found.find((one) => one.startsWith('image: "example/trainer:1"'))
  expect(image).toMatch(/ <- spec specs\/1\.yaml:\d+, template templates\/job\.hbs:/)
  expect(image).toContain(`templates/job.hbs:${lineOf('image: {{scalar image}}')}`)
})

it('also where patches come after it', () => {
  const environment = `  templates: { job: templates/job.hbs }
  patches:
    - patch:
        - op: add
          path: /spec/template/spec/priorityClassName
          value: high
`
  const found = lines({ environment, templates: { 'job.hbs': ownTemplate } })
  expect(found).toContain(`restartPolicy: "Never" <- template templates/job.hbs:${lineOf('restartPolicy: Never')}`)
  expect(found.find((one) => one.startsWith('priorityClassName'))).toContain('patch specs/2.yaml:11')
})

it('a line that nobody shapes names no patch', () => {
  expect(
    lines({ environment: '  patches: [{ patch: { metadata: { labels: { team: a } } } }]' }).filter((one) =>
      one.includes('patch '),
    ),
  ).toEqual(['team: "a" <- patch specs/2.yaml:6'])
})

it('a line that a patch made names no line of the template, also one that holds no value', () => {
  const patch = `spec:
  template:
    metadata:
      annotations:
        team: a
    spec:
      containers:
        - name: trainer
          env:
            - { name: FIRST, value: a }
            - { name: SECOND, value: b }
      volumes:
        - name: scratch
          emptyDir:
            sizeLimit: 1Gi
`
  const found = lines({
    environment: '  templates: { job: templates/job.hbs }\n  patches: [{ path: templates/a.yaml }]\n',
    templates: { 'job.hbs': ownTemplate, 'a.yaml': patch },
  })
  const from = (line: number): string => `patch templates/a.yaml:${line}`
  expect(found).toContain(`annotations: <- ${from(4)}`)
  expect(found).toContain(`team: "a" <- ${from(5)}`)
  expect(found.find((one) => one.startsWith('value: "b"'))).toMatch(/ <- patch templates\/a\.yaml:11, patch /)
  expect(found).toContain(`emptyDir: <- ${from(14)}`)
  expect(found).toContain(`sizeLimit: "1Gi" <- ${from(15)}`)
  expect(found.find((one) => one.startsWith('# One attempt'))).toMatch(/ <- $/)
})

it('an entry that an operation puts first leaves the others to the template', () => {
  const found = lines({
    environment: `  templates: { job: templates/job.hbs }
  patches:
    - patch:
        - op: add
          path: /spec/template/spec/volumes/0
          value:
            name: scratch
            emptyDir:
              sizeLimit: 1Gi
`,
    templates: { 'job.hbs': ownTemplate },
  })
  expect(found).toContain('emptyDir: <- patch specs/2.yaml:13')
  const volume = lineOf('- name: {{scalar name}}\n{{#if isHostPath}}')
  expect(found).toContain(`- name: "callback" <- template templates/job.hbs:${volume}`)
})

it('the template itself is named where it is chosen', () => {
  const environment = '  templates: { job: templates/job.hbs }\n'
  const settings = 'projects:\n  language:\n    templates:\n      job: templates/job.hbs\n'
  const templates = { 'job.hbs': ownTemplate }
  const place = (repository: Repository): string => {
    const found = explained(repository).values.find(({ path }) => path === 'shaping.template.path')?.origin
    return `${found?.from ?? ''} ${found?.where?.file ?? ''}:${found?.where?.line ?? 0}`
  }
  expect(place({ environment, templates })).toBe('template specs/2.yaml:6')
  expect(place({ settings, templates })).toBe('template specyard.yaml:6')
})

it('where Argo CD looks stands in specyard.yaml, at its line, or is the default', () => {
  const settings = 'deploy:\n  repository: https://example.com/deploy.git\n'
  const found = lines({ settings }, 'Application')
  expect(found.find((one) => one.startsWith('repoURL:'))).toContain('<- settings specyard.yaml:4')
  expect(found.find((one) => one.startsWith('targetRevision:'))).toMatch(/<- default $/)
})

it('the cluster of an Application stands in the Environment, or is the default', () => {
  const found = lines({}, 'Application')
  expect(found.find((one) => one.includes('"server":') || one.startsWith('server:'))).toMatch(/<- default $/)
})
