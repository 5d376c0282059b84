import { expect, it, vi } from 'vitest'
import { explainSpec } from '../../../compiler/explain/explain.ts'
import { inputOf, ownTemplate, type Repository } from '../shape/shaping.ts'

// A rendering by a template of a user is read by two parsers, for each of a hundred values.
vi.setConfig({ testTimeout: 60_000 })

/** Each line of the manifest with the places of what made it. */
function lines(repository: Repository): readonly string[] {
  const answer = explainSpec(inputOf(repository), { spec: 'letters', rendered: true })
  if (answer.is !== 'explained') throw new Error(JSON.stringify(answer))
  const [manifest] = answer.explained.files
  return (manifest?.lines ?? []).map(({ text, values }) => {
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
