import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const heap = new URL('../../../cli/specs/looking/heap.ts', import.meta.url).href

/** The room for new values of a process, in megabytes, after it has kept more of them than that room has at the start. */
function roomAfter(files: number): { readonly megabytes: number; readonly said: string } {
  const script = `
    const { keepHeapSmall } = await import(${JSON.stringify(heap)})
    const { getHeapSpaceStatistics } = await import('node:v8')
    keepHeapSmall(${files})
    const kept = []
    for (let index = 0; index < 400_000; index += 1) kept.push({ index })
    console.log(getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_size / 2 ** 20)`
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 })
  return { megabytes: Number(stdout), said: stderr }
}

describe('the room for new values', () => {
  it('does not grow where many files are compiled, and does where few are; nothing is said of it', () => {
    const [many, few] = [roomAfter(1_000), roomAfter(10)]
    expect([many.said, few.said]).toEqual(['', ''])
    expect(many.megabytes).toBeGreaterThan(0)
    expect(few.megabytes).toBeGreaterThanOrEqual(2 * many.megabytes)
  })
})
