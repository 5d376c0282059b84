import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutate } from './driver.ts'
import { bad } from './faulty-subject.ts'
import { bombsMany, inputOf, inputWith } from './inputs.ts'
import { attempt } from './subject.ts'
import { trackRecord } from './track-record.ts'

describe('spoiled specs', () => {
  it('crash, stall and swell nothing, and are read alike by two parsers or refused', async () => {
    const seed = Number(process.env['MUTATE_SEED'] ?? 1)
    // Ends by the number, so that a busy machine tries as many as a quiet one; more are for `npm run mutate`.
    const outcome = await mutate({ seed, minutes: 4, inputs: 5_000 })
    // How long one took depends on the machine, and is what the driver prints.
    expect(outcome.failures.filter((one) => one.kind !== 'slow')).toEqual([])
    expect(outcome.tried).toBeGreaterThan(bombsMany + 500)
    expect(outcome.accepted).toBeGreaterThan(outcome.tried / 50)
  })

  it('are the same again for the same seed and number, and others for others', () => {
    const number = bombsMany + 5
    expect(inputOf(3, number)).toEqual(inputOf(3, number))
    expect(inputOf(4, number)).not.toEqual(inputOf(3, number))
    expect(inputOf(3, number + 1)).not.toEqual(inputOf(3, number))
  })
})

describe('what was found once', () => {
  it.each(trackRecord.map((one) => [one.what, one] as const))('%s is found no more', (_what, { file, wants }) => {
    const begun = process.cpuUsage()
    expect(attempt(inputWith(file))).toBe(wants)
    const { user, system } = process.cpuUsage(begun)
    expect((user + system) / 1000).toBeLessThan(2_000)
  })
})

describe('the driver', () => {
  it('notices what throws, aborts the process, stalls it, takes long or swells, and goes on behind it', async () => {
    const subject = join(import.meta.dirname, 'faulty-subject.ts')
    const outcome = await mutate({ seed: 1, minutes: 2, inputs: bombsMany + 100, subject, stallSeconds: 30 })
    expect(outcome.failures.map(({ kind, number }) => [kind, number])).toEqual([
      ['threw', bad.throws],
      ['crashed', bad.aborts],
      ['stalled', bad.stalls],
      ['slow', bad.isSlow],
      ['large', bad.isLarge],
    ])
    expect(outcome.failures[0]?.message).toBe('planted')
    expect(outcome.tried).toBeGreaterThanOrEqual(bombsMany + 100)
  })
})
