import { expect, it } from 'vitest'
import { specPathsOf } from '../../cli/specs/spec-paths.ts'

const entry = (value: unknown): string => JSON.stringify({ format: 1, ...(value as object) })
const run = (id: string, path: string) => ({ id, source: { path, line: 1 } })

const run1 = '.specyard/ledger/runs/dev/language/one.json'
const endpoint = '.specyard/ledger/endpoints/dev/language/page.json'
const model = '.specyard/ledger/models/language/lm.json'
const deployed = new Map([
  [run1, entry({ runs: [run('new', 'specs/one.yaml'), run('old', 'specs/before.yaml')] })],
  [endpoint, entry({ plan: { source: { path: 'specs/page.yaml', line: 3 } } })],
])

it.each<readonly [string, Readonly<Record<string, string | null>>, readonly string[]]>([
  ['a run that is changed: the spec of its newest run', { [run1]: deployed.get(run1) ?? '' }, ['specs/one.yaml']],
  ['a run whose entry is taken away: the spec that it had', { [run1]: null }, ['specs/one.yaml']],
  ['an endpoint: the spec of its plan', { [endpoint]: deployed.get(endpoint) ?? '' }, ['specs/page.yaml']],
  [
    'a model version: the spec of the run that made it, not that of a later one',
    { [model]: entry({ versions: [{ run: { id: 'old', environment: 'dev' } }] }) },
    ['specs/before.yaml'],
  ],
  [
    'several entries: each spec once, in order',
    { [endpoint]: deployed.get(endpoint) ?? '', [run1]: deployed.get(run1) ?? '', 'charts/x': 'x' },
    ['specs/one.yaml', 'specs/page.yaml'],
  ],
  ['an entry that cannot be read: the spec that it had', { [run1]: '{' }, ['specs/one.yaml']],
  ['manifests alone: none', { 'environments/dev/language/jobs/one.yaml': 'x' }, []],
])('a commit is about, by %s', (_, files, expected) => {
  expect(specPathsOf(new Map(Object.entries(files)), deployed)).toEqual(expected)
})
