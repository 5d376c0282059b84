import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { expect, it } from 'vitest'
import { findingCodes } from '../../reconciler/observed/document.ts'
import { observedArgocdRules, observedProjectRules } from '../../reconciler/sources/kubernetes/survey/collections.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'observe.md'), 'utf8')

it('every finding has its section in docs/observe.md, and every section its finding', () => {
  const sections = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1])
  expect([...sections].sort()).toEqual([...findingCodes].sort())
})

it('every section says what to do', () => {
  for (const section of page.split(/^### /m).slice(1)) expect(section, section.slice(0, 30)).toContain('**Remedy.**')
})

it('the Roles on the page are the ones that tests look with, and change nothing', () => {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
  const roles = blocks.flatMap((text) => parseAllDocuments(text)).map((one) => (one.toJS() as { rules: unknown }).rules)
  expect(roles).toEqual([observedProjectRules, observedArgocdRules])
  const verbs = [...observedProjectRules, ...observedArgocdRules].flatMap((one) => one.verbs)
  expect([...new Set(verbs)].sort()).toEqual(['list', 'watch'])
  const resources = [...observedProjectRules, ...observedArgocdRules].flatMap((one) => one.resources)
  expect(resources).not.toContain('secrets')
})
