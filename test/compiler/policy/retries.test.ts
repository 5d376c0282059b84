import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import { ownTemplate } from '../shape/shaping.ts'
import { sourcesOf } from '../../support/compiler.ts'
import { digest, environments, input, pack, texts } from '../../support/policy/ground.ts'

/** A template may ask whether a value is empty: that of CHECKPOINT_URI alone is in a first attempt, and none in a retry. */
const retried = '{{#each variables}}{{#if isValue}}{{#unless value}}# {{/unless}}{{/if}}{{/each}}'
const first = '{{#each variables}}{{#if isValue}}{{#unless value}}hostNetwork: true{{/unless}}{{/if}}{{/each}}'

/** What is said where the pod of Specyard's own template has a line more. */
function said(line: string, policies: readonly string[] = pack): readonly string[] {
  const at = '      enableServiceLinks: false\n'
  expect(ownTemplate).toContain(at)
  const template = ownTemplate.replace(at, `${at}      ${line}\n`)
  const shaped = environments
    .replace('  lease:', '  templates: { job: templates/job.yaml.hbs }\n  lease:')
    .replace('format: text }', `format: text, digest: ${digest} }`)
  const sources = [
    ...sourcesOf([texts[0] ?? '', ...policies], shaped),
    { path: 'templates/job.yaml.hbs', bytes: new TextEncoder().encode(template) },
  ]
  return compile({ ...input, sources, kubernetes: kubernetesSchemas })
    .problems.filter(({ code }) => code !== 'POLICY_WARNED')
    .map(({ code, message }) => `${code} ${message}`)
}

describe('a template that asks about the attempt', () => {
  it.each<readonly [string, string, RegExp | null]>([
    ['is let through where no attempt breaks a rule', `${retried}priorityClassName: low`, null],
    ['is denied what a first attempt would be', first, /"no-host-network" denies Job letters-\w+-1 in prod/],
    [
      'is denied what only a retry would be',
      `${retried}hostNetwork: true`,
      /"no-host-network" denies Job letters-\w+-2 in prod/,
    ],
    ['is told once of what is denied to every attempt', 'hostNetwork: true', /denies Job letters-\w+-1 in prod/],
  ])('%s', (_title, line, expected) => {
    expect(said(line)).toEqual(expected ? [expect.stringMatching(expected)] : [])
  })

  it('is told of a retry beside a warning of every attempt', () => {
    const warning = `apiVersion: specyard.dev/v1
kind: Policy
metadata: { name: warning }
spec:
  matchConstraints: { resourceRules: [{ apiGroups: [batch], apiVersions: [v1], resources: [jobs] }] }
  validations: [{ expression: 'false == true' }]
  validationActions: [Warn]
`
    expect(said(`${retried}hostNetwork: true`, [...pack, warning])).toEqual([
      expect.stringMatching(/"no-host-network" denies Job letters-\w+-2 in prod/),
    ])
  })
})
