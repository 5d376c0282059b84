import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRemote } from '../../publisher/git/remote.ts'
import { bareEnvironment, gitIn, startScript, temporaryFolder, workRepository } from '../support/publisher.ts'

const many = 12
const processes = 4
const rounds = 3

/** Nothing, and what a killed process, a full disk or somebody's mistake may leave. */
const before: Readonly<Record<string, (clone: string) => void>> = {
  'that is not there': () => undefined,
  'that is damaged': (clone) => {
    mkdirSync(join(clone, 'objects', 'pack'), { recursive: true })
    writeFileSync(join(clone, 'HEAD'), 'nonsense')
    writeFileSync(join(clone, 'objects', 'pack', 'half'), 'of a pack')
  },
  'whose place a file has taken': (clone) => writeFileSync(clone, 'a file'),
}

/** @param bring by as many as there shall be at once; what each found at the head */
async function expectOne(
  make: (clone: string) => void,
  bring: (url: string, cacheFolder: string) => Promise<readonly (string | null)[]>,
): Promise<void> {
  const folder = await temporaryFolder()
  const url = await workRepository(join(folder, 'work'), { 'specs/a.yaml': 'a\n' })
  const head = gitIn(url, 'rev-parse', 'main')
  for (let round = 0; round < rounds; round += 1) {
    const cacheFolder = join(folder, `cache-${round}`)
    mkdirSync(cacheFolder)
    make(join(cacheFolder, 'clone.git'))
    expect(new Set(await bring(url, cacheFolder))).toEqual(new Set([head]))
    expect(readdirSync(cacheFolder).sort()).toEqual(['clone.git', 'gitconfig'])
  }
}

describe('a clone', () => {
  it.each(Object.entries(before))(
    '%s, made by many at once, is one that all of them can use, and nothing is left beside it',
    async (_, make) => {
      await expectOne(make, (url, cacheFolder) => {
        const options = { url, branch: 'main', cacheFolder, environment: bareEnvironment }
        return Promise.all(Array.from({ length: many }, async () => (await openRemote(options)).bringHead()))
      })
    },
  )

  it('that is not there, made by several processes at once, is one, too', async () => {
    const script = join(import.meta.dirname, 'bring-head.ts')
    await expectOne(
      () => undefined,
      async (url, cacheFolder) => {
        const started = Array.from({ length: processes }, () => startScript(script, [url, cacheFolder]))
        await Promise.all(started.map(({ ended }) => ended))
        return started.map(({ output }) => output().trim())
      },
    )
  })
})
