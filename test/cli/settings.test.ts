import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Settings as isSound } from '../../cli/house/settings.built.js'
import { completed, readSettings } from '../../cli/house/settings.ts'
import { settingsSchema, wrongInSettings } from '../../cli/house/settings-schema.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (...lines: readonly string[]) => {
  writeFileSync(join(folder, 'specyard.yaml'), ['apiVersion: specyard.dev/v1', 'kind: Settings', ...lines].join('\n'))
  return readSettings(folder, {})
}

it('graces are the usual ones where nothing is said', async () => {
  expect((await read()).graces).toEqual({})
})

it('graces that are said are the rules of the reconciler', async () => {
  const { graces } = await read(
    'reconcile: { graceSeconds: { end: 5, lost: 90, configuration: 7, image: 900, quota: 60, prune: 30 } }',
  )
  expect(graces).toEqual({
    decisionGraceSeconds: 5,
    localDecisionGraceSeconds: 5,
    lostGraceSeconds: 90,
    configGraceSeconds: 7,
    imageGraceSeconds: 900,
    quotaGraceSeconds: 60,
    pruneGraceSeconds: 30,
  })
})

it('a grace of nothing is refused by its name', async () => {
  await expect(read('reconcile: { graceSeconds: { lost: 0 } }')).rejects.toThrow('reconcile.graceSeconds.lost')
})

it.each([
  [
    'an unknown key is told at its place, with the one that was meant',
    ['deploy:', '  brnch: main'],
    'specyard.yaml:4:3: deploy: unknown key "brnch"',
    'did you mean branch?',
  ],
  [
    'an unknown key at the top likewise',
    ['deplyo: {}'],
    'specyard.yaml:3:1: document: unknown key "deplyo"',
    'did you mean deploy?',
  ],
  [
    'an unknown key that is like none is told with those that may stand there',
    ['api: { "a/b~": 1 }'],
    'specyard.yaml:3:8: api: unknown key "a/b~"',
    'use one of: port',
  ],
  [
    'an unknown key far below is told with its neighbours',
    ['reconcile:', '  graceSeconds: { lots: 5 }'],
    'specyard.yaml:4:19: reconcile.graceSeconds: unknown key "lots"',
    'did you mean lost?',
  ],
  [
    'a branch that cannot be one is told in words',
    ['deploy:', '  sign: true', '  branch: ma in..x'],
    'specyard.yaml:5:11: deploy.branch: a branch begins with a letter or a digit, and has letters, digits and the signs . _ / - alone',
    'docs/handbook',
  ],
  [
    'a value of another type is told at its place',
    ['api: { port: http }'],
    'specyard.yaml:3:14: api.port: ',
    'write a whole number from 0 to 65535',
  ],
])('%s', async (_sentence, lines, message, hint) => {
  await expect(read(...lines)).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: expect.stringContaining(message) as string,
    hint: expect.stringContaining(hint) as string,
  })
})

it('a file without a document is told from its beginning', async () => {
  writeFileSync(join(folder, 'specyard.yaml'), '# nothing yet\n')
  await expect(readSettings(folder, {})).rejects.toThrow('specyard.yaml:1:1: document: ')
})

const anyOf = (...values: readonly unknown[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.constantFrom(null, '', '-', -1, 0.5, 1e9, true, 'a', [], {}) },
  )
const part = (...keys: readonly (readonly [string, fc.Arbitrary<unknown>])[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.record(Object.fromEntries(keys), { requiredKeys: [] }) },
    { weight: 1, arbitrary: anyOf(true) },
  )
const address = ['repository', anyOf('https://git.example/specs')] as const
const onBranch = ['branch', anyOf('main', 'a/b')] as const
const seconds = ['end', 'lost', 'configuration', 'image', 'quota', 'prune'].map(
  (key) => [key, anyOf(1, 60, 86_400)] as const,
)
const rest = part(
  ['deploy', part(address, onBranch, ['sign', anyOf(true, false)])],
  ['specs', part(address, onBranch, ['pullRequests', anyOf(true, false)])],
  ['api', part(['port', anyOf(0, 8787, 65_535)])],
  ['reconcile', part(['cron', anyOf('* * * * *')], ['graceSeconds', part(...seconds)])],
  ['projects', fc.anything()],
)
const document = fc
  .tuple(rest, anyOf({ apiVersion: 'specyard.dev/v1', kind: 'Settings' }))
  .map(([value, head]) => ({ ...(head as object), ...(value as object) }))

it('what tells that settings are sound, what completes them and what tells what is wrong are of one mind', () => {
  const seen = { sound: 0, wrong: 0 }
  fc.assert(
    fc.property(document, (value) => {
      const checked = settingsSchema.safeParse(value)
      expect(isSound(value)).toBe(checked.success)
      expect(wrongInSettings(value).length === 0).toBe(checked.success)
      if (checked.success) expect(completed(value as Parameters<typeof completed>[0])).toEqual(checked.data)
      seen[checked.success ? 'sound' : 'wrong'] += 1
    }),
    { numRuns: 3_000, examples: [[{ apiVersion: 'specyard.dev/v1', kind: 'Settings' }]] },
  )
  expect(Math.min(seen.sound, seen.wrong)).toBeGreaterThan(20)
})
