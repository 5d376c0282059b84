import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { specyard } from '../support/cli.ts'

/* What the commands about models say where there is nothing to do. */

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-models-'))
  expect(await specyard(folder, ['init', '.', '--project', 'language', '--name', 'handbook'])).toMatchObject({
    exit: 0,
  })
  expect(await specyard(folder, ['publish'])).toMatchObject({ exit: 0 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  [['promote', 'dev/language/handbook', '--to', 'prod'], 'dev/language/handbook serves no model version yet'],
  [['promote', 'dev/language/other', '--to', 'prod'], 'there is no endpoint dev/language/other'],
  [['promote', 'handbook', '--to', 'prod'], 'name the endpoint as environment/project/name'],
  [['deploy', 'handbook@1'], 'there is no model version handbook@1'],
  [['register', 'handbook'], 'there is no run handbook'],
  [['attach', 'handbook', '--model-spec', 'missing.yaml'], 'missing.yaml cannot be read'],
  [['attach', 'handbook'], 'no tracker is connected'],
])('%j is wrong use, and says why', async (words, why) => {
  const { exit, stdout, stderr } = await specyard(folder, words)
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
  expect(stderr).toContain(why)
})
