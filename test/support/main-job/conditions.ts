import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until a look answers with something else than undefined or false, looking every fifty milliseconds.
 * @throws Error naming what was waited for, after the bound
 */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  seconds = 180,
): Promise<Value> {
  const giveUpAt = performance.now() + seconds * 1000
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    if (performance.now() > giveUpAt) throw new Error(`waited ${seconds} s in vain until ${what}`)
    await pause(50)
  }
}
