import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readSettings } from '../../cli/house/settings.ts'

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
