import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { compiled, manifestOf, ownTemplate, said } from './shaping.ts'

const named = '  templates: { job: templates/job.hbs }'
const withTemplate = (text: string, training = '') =>
  compiled({ environment: named, templates: { 'job.hbs': text }, training })
const replaced = (from: string, to: string): string => {
  expect(ownTemplate).toContain(from)
  return ownTemplate.replace(from, to)
}
const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length

describe('a template of the spec repository', () => {
  it.each([
    ['one node', ''],
    ['several nodes', '  nodes: 3'],
    ['arguments and variables', '  args: [a]\n  env: { A: "$(B) {{x}}", C: { secret: s, key: k } }'],
    ['GPUs', '  resources: { gpus: 1 }'],
  ])('that is a copy of our own makes the same bytes, with %s', (_title, training) => {
    expect(manifestOf(withTemplate(ownTemplate, training))).toBe(manifestOf(compiled({ training })))
  })

  it('takes the place of our own, comments and all', () => {
    const text = replaced(
      '      enableServiceLinks: false',
      '      # Ours.\n      serviceAccountName: trainer\n      enableServiceLinks: false',
    )
    expect(manifestOf(withTemplate(text))).toContain('      # Ours.\n      serviceAccountName: trainer\n')
  })

  it('of specyard.yaml is for its project, and that of an Environment comes before it', () => {
    const text = (name: string): string =>
      replaced('      enableServiceLinks: false', `      serviceAccountName: ${name}`)
    const settings = 'projects: { language: { templates: { job: templates/project.hbs } } }\n'
    const templates = { 'project.hbs': text('project'), 'job.hbs': text('environment') }
    const account = (environment: string): unknown =>
      (
        load(manifestOf(compiled({ environment, settings, templates }))) as {
          spec: { template: { spec: { serviceAccountName: string } } }
        }
      ).spec.template.spec.serviceAccountName
    expect(account('')).toBe('project')
    expect(account(named)).toBe('environment')
  })

  it('is patched as our own is', () => {
    const environment = `${named}\n  patches: [{ patch: { spec: { template: { spec: { priorityClassName: high } } } } }]`
    expect(manifestOf(compiled({ environment, templates: { 'job.hbs': ownTemplate } }))).toContain(
      'priorityClassName: "high"',
    )
  })

  it('writes values so that they stay values', () => {
    const hostile = 'a\\nb: c'
    const text = manifestOf(withTemplate(ownTemplate, `  command: ["${hostile}"]`))
    expect(text).toContain('- "a\\nb: c"')
  })
})

describe('what is wrong with a template is told at its line:', () => {
  const place = (text: string, part: string): string => `templates/job.hbs:${lineOf(text, part)}`
  it.each([
    [
      'a block that is not closed',
      replaced('{{/each}}', ''),
      undefined,
      'TEMPLATE_INVALID the template cannot be read',
    ],
    [
      'a value that is not escaped',
      replaced('image: {{scalar image}}', 'image: {{image}}'),
      '{{image}}',
      'TEMPLATE_INVALID {{image}} would put a value in as it is',
    ],
    [
      'a value in three braces',
      replaced('image: {{scalar image}}', 'image: {{{scalar image}}}'),
      '{{{scalar image',
      'TEMPLATE_INVALID {{scalar}} would put a value in as it is',
    ],
    [
      'a name that is not there',
      replaced('image: {{scalar image}}', 'image: {{scalar imge}}'),
      'scalar imge',
      'TEMPLATE_INVALID there is no imge here',
    ],
    [
      'a list where one value belongs',
      replaced('image: {{scalar image}}', 'image: {{scalar labels}}'),
      'image: {{scalar labels',
      'TEMPLATE_INVALID labels is no single value',
    ],
    [
      'a helper of another program',
      replaced('image: {{scalar image}}', 'image: {{lookup a b}}'),
      '{{lookup',
      'TEMPLATE_INVALID {{lookup}} would put a value in as it is',
    ],
    [
      'a partial',
      replaced('image: {{scalar image}}', '{{> image}}'),
      '{{> image',
      'TEMPLATE_INVALID partials and decorators are not used in templates',
    ],
    [
      'a block of another program',
      `{{#range x}}{{/range}}\n${ownTemplate}`,
      '{{#range',
      'TEMPLATE_INVALID the block {{#range}} is not known',
    ],
    [
      'a line that is no YAML',
      replaced('  backoffLimit: 0', '  backoffLimit: 0: 1'),
      'backoffLimit: 0: 1',
      'TEMPLATE_OUTPUT what the template makes is not YAML',
    ],
    [
      'a field that the API server does not know',
      replaced('enableServiceLinks', 'enableServiceLink'),
      'enableServiceLink:',
      'MANIFEST_REFUSED Job /spec/template/spec/enableServiceLink is no field there',
    ],
    [
      'a promise that is broken',
      replaced('restartPolicy: Never', 'restartPolicy: OnFailure'),
      'restartPolicy: OnFailure',
      'MANIFEST_PROMISE Job /spec/template/spec/restartPolicy is changed',
    ],
    [
      'a Job that is lacking',
      'kind: ConfigMap\napiVersion: v1\n',
      undefined,
      'MANIFEST_PROMISE the manifest makes ConfigMap of v1, and must make Job of batch/v1',
    ],
    [
      'an object too many, where it stands',
      `${ownTemplate}---\napiVersion: v1 # another\nkind: ConfigMap\n`,
      'apiVersion: v1 # another',
      'MANIFEST_PROMISE the manifest makes Job of batch/v1, ConfigMap of v1, and must make Job of batch/v1',
    ],
    ['nothing at all', '{{! nothing }}', undefined, 'MANIFEST_PROMISE'],
  ])('%s', (_title, text, part, expected) => {
    const [line] = said(withTemplate(text))
    expect(line).toContain(expected)
    if (part !== undefined) expect(line?.slice(0, place(text, part).length + 1)).toBe(`${place(text, part)}:`)
    else expect(line).toMatch(/^templates\/job\.hbs:\d+:\d+ /)
  })

  it('a file that is not there, where it is named', () => {
    expect(said(compiled({ environment: named }))).toEqual([
      'specs/2.yaml:6:21 TEMPLATE_UNKNOWN there is no file templates/job.hbs in the spec repository',
    ])
  })

  it('a loop that makes too much, before it fills the memory', () => {
    const nested =
      '{{#each variables}}{{#each ../variables}}{{#each ../../variables}}{{#each ../../../variables}}{{#each ../../../../variables}}xxxxxxxxxx{{/each}}{{/each}}{{/each}}{{/each}}{{/each}}'
    expect(said(withTemplate(nested)).join()).toContain('the template makes more than 262144 characters')
  })

  it('a template is no program: what Handlebars itself would look up is not there', () => {
    for (const name of ['constructor', '__proto__', 'toString', '../secret', '@root'])
      expect(said(withTemplate(replaced('{{scalar image}}', `{{scalar ${name}}}`)))[0]).toContain('TEMPLATE_INVALID')
  })
})
