import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { cached, cacheFolder } from './cache.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'specyard-cache-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

it('what several want at the same time is made once', async () => {
  let made = 0
  const make = async (folder: string): Promise<void> => {
    made += 1
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(join(folder, 'program'), 'built')
  }
  const folders = await Promise.all([1, 2, 3].map(() => cached('tool', 'abc', make)))
  expect([made, new Set(folders).size]).toEqual([1, 1])
  expect(readdirSync(cacheFolder())).toEqual(['tool-abc'])
})

it('what somebody began to make who is gone is made by the next', async () => {
  await cached('other', 'abc', async () => {})
  writeFileSync(join(cacheFolder(), '.tool-abc.maker'), JSON.stringify({ pid: process.pid, startTicks: 1 }))
  expect(existsSync(await cached('tool', 'abc', async () => {}))).toBe(true)
})

it('a make that fails leaves nothing, and the next one tries again', async () => {
  const fails = cached('tool', 'abc', () => Promise.reject(new Error('no compiler')))
  await expect(fails).rejects.toThrow('no compiler')
  expect(readdirSync(cacheFolder())).toEqual([])
  expect(existsSync(await cached('tool', 'abc', async () => {}))).toBe(true)
})
