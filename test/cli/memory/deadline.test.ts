import { expect, it } from 'vitest'
import { compileSecondsMax, deadline } from '../../../cli/specs/aids.ts'

it('a compilation may take 60 s, and not a moment longer', () => {
  let now = 1_000
  const pulse = deadline(() => now)
  now += compileSecondsMax * 1000
  expect(pulse).not.toThrow()
  now += 1
  expect(pulse).toThrow(
    expect.objectContaining({ code: 'COMPILE_TOO_LONG', message: 'compiling the specs took more than 60 s' }),
  )
})
