import { CronTime } from 'cron'
import { Fault } from '../domain/fault.ts'

/** A timer for longer would run out at once. */
const timerMillisecondsMax = 2 ** 31 - 1

/**
 * Calls `due` at the times of a cron expression. Only the next time is taken from the library: its own timer skips a tick that is late, and a
 * late pass must run late rather than never.
 * @returns what ends it
 * @throws Fault SETTINGS_INVALID for an expression that is none
 */
export function everyCron(expression: string, now: () => Date, due: () => void): () => void {
  let time: CronTime
  try {
    time = new CronTime(expression, null, null)
  } catch (cause) {
    throw new Fault('SETTINGS_INVALID', `reconcile.cron: "${expression}" is no cron expression`, {
      retry: 'never',
      hint: 'for example "*/30 * * * * *" for every 30 seconds',
      cause,
    })
  }
  let timer: NodeJS.Timeout | undefined
  const plan = (): void => {
    const wait = Math.max(100, time.getNextDateFrom(now()).toMillis() - now().getTime())
    timer = setTimeout(
      () => {
        if (wait <= timerMillisecondsMax) due()
        plan()
      },
      Math.min(wait, timerMillisecondsMax),
    )
    timer.unref()
  }
  plan()
  return () => clearTimeout(timer)
}
