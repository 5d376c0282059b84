import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import type { Problem } from '../../../domain/problem.ts'
import { sourcesOf } from '../../support/compiler.ts'
import { digest, environments, input, pack, pinned } from '../../support/policy/ground.ts'
import { ownTemplate } from '../shape/shaping.ts'

interface Repository {
  readonly base?: string
  readonly spec?: string
  readonly settings?: string
  readonly template?: string
}

/** What the starter pack denies of one training. */
function denied({ base = environments, spec = pinned, settings, template }: Repository): readonly Problem[] {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  const text = `apiVersion: specyard.dev/v1\nkind: Settings\n${settings ?? ''}`
  const sources = [
    ...sourcesOf([spec, ...pack], base),
    ...(template === undefined ? [] : [{ path: 'templates/job.hbs', bytes: encode(template) }]),
  ]
  const kubernetes = kubernetesSchemas
  return compile({
    ...input,
    sources,
    kubernetes,
    settings: { path: 'specyard.yaml', bytes: encode(text) },
  }).problems.filter(({ code }) => code !== 'POLICY_WARNED')
}
const placesOf = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({ code, message, where: { file, line, column } }) => {
    return `${file}:${line}:${column} ${code} ${/policy "[^"]*"/.exec(message)?.[0] ?? message}`
  })

/** The Environment with lines more: the first of them is the sixth of its file. */
const withLines = (lines: string): string => environments.replace('  lease:', `${lines}  lease:`)
const pod = (lines: string): string =>
  `  patches:\n    - patch:\n        spec:\n          template:\n            spec:\n${lines.replaceAll(/^/gm, ' '.repeat(14))}\n`

describe('what a patch or template makes is denied at its place', () => {
  it.each<readonly [string, Repository, readonly string[]]>([
    [
      'a volume of a strategic merge patch',
      { base: withLines(pod('priorityClassName: low\nvolumes: [{ name: h, hostPath: { path: / } }]')) },
      ['specs/0.yaml:12:46 POLICY_DENIED policy "no-host-paths"'],
    ],
    [
      'the operation of a JSON Patch',
      {
        base: withLines(`  patches:
    - patch:
        - { op: add, path: /spec/template/spec/priorityClassName, value: low }
        - { op: add, path: /spec/template/spec/volumes/-, value: { name: h, hostPath: { path: / } } }
        - { op: add, path: /spec/template/spec/nodeName, value: one }
`),
      },
      ['specs/0.yaml:9:87 POLICY_DENIED policy "no-host-paths"'],
    ],
    [
      'the second of two patches, not the first with the same key',
      {
        settings:
          'projects:\n  language:\n    patches: [{ patch: { spec: { template: { spec: { hostNetwork: false } } } } }]\n',
        base: withLines('  patches: [{ patch: { spec: { template: { spec: { hostNetwork: true } } } } }]\n'),
      },
      ['specs/0.yaml:6:65 POLICY_DENIED policy "no-host-network"'],
    ],
    [
      'a patch of specyard.yaml',
      {
        settings:
          'projects:\n  language:\n    patches: [{ patch: { spec: { template: { spec: { hostNetwork: true } } } } }]\n',
      },
      ['specyard.yaml:5:67 POLICY_DENIED policy "no-host-network"'],
    ],
    [
      'the line of a template',
      {
        base: withLines('  templates: { job: templates/job.hbs }\n'),
        template: ownTemplate.replace('      enableServiceLinks: false\n', '      hostPID: true\n'),
      },
      ['templates/job.hbs:72:7 POLICY_DENIED policy "no-host-network"'],
    ],
    [
      'the line before what a template leaves out',
      {
        base: withLines('  templates: { job: templates/job.hbs }\n'),
        template: ownTemplate.replace('      automountServiceAccountToken: false\n', ''),
      },
      ['templates/job.hbs:68:5 POLICY_DENIED policy "own-service-account"'],
    ],
    [
      'a line of a template that a retry alone has',
      {
        base: withLines('  templates: { job: templates/job.hbs }\n').replace(
          'format: text }',
          `format: text, digest: ${digest} }`,
        ),
        template: ownTemplate.replace(
          '      enableServiceLinks: false\n',
          '      {{#each variables}}{{#if isValue}}{{#unless value}}# {{/unless}}{{/if}}{{/each}}hostNetwork: true\n',
        ),
      },
      ['templates/job.hbs:72:7 POLICY_DENIED policy "no-host-network"'],
    ],
    [
      'the value of the spec, where a patch has no part in it',
      { spec: pinned.replace(/trainer@\S+/, 'trainer:1'), base: withLines(pod('priorityClassName: low')) },
      ['specs/1.yaml:10:10 POLICY_DENIED policy "image-digests"'],
    ],
  ])('%s', (_title, repository, expected) => {
    expect(placesOf(denied(repository))).toEqual(expected)
  })

  it('with the training beside it, and a hint at what to change', () => {
    const [told] = denied({ base: withLines(pod('hostNetwork: true')) })
    expect(told?.hint).toBe('change the template or patch, or the policy by a pull request of its own')
    expect(told?.also?.at(-1)).toEqual({
      where: expect.objectContaining({ file: 'specs/1.yaml', line: 1 }) as unknown,
      note: 'the training that it is rendered for',
    })
  })
})

describe('the image of the lease', () => {
  const without = environments.replace(/ {2}lease: .*\n/, '')

  it('that nobody wrote is denied at the Environment, which alone can name another one', () => {
    const told = denied({ base: without })
    expect(placesOf(told)).toEqual(['specs/0.yaml:3:19 POLICY_DENIED policy "image-digests"'])
    expect(told[0]?.hint).toBe(
      'set lease.image in Environment "prod", by its digest (name@sha256:…): without it that is busybox:1.37.0',
    )
  })

  it('that the Environment wrote is denied there', () => {
    const tagged = environments.replace(`busybox@${digest}`, 'busybox:1')
    expect(placesOf(denied({ base: tagged }))).toEqual(['specs/0.yaml:6:19 POLICY_DENIED policy "image-digests"'])
  })
})
