import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../domain/fault.ts'
import { isAncestor } from './objects.ts'
import { freeBranch, type Remote, shown } from './remote.ts'
import { gitSaid, orDiskFull } from './run.ts'

export interface SwapLimits {
  /** At least so many tries, and for at least so long, before a branch that keeps moving is given up. */
  readonly tries: number
  readonly milliseconds: number
  /** So many refusals in a row of a branch that stands still, and they are no accident. */
  readonly refusals: number
}

export const swapLimits: SwapLimits = { tries: 50, milliseconds: 60_000, refusals: 10 }

/**
 * Of writers that meet on one branch whoever has just got through lets the others go first, and whoever has tried for long hardly waits. The usual
 * way, to wait longer after each failure, starves those that failed: of eight writers one in a hundred publications took 15 seconds, the middle
 * one 0.2.
 */
export interface Pace {
  /** When a try last met another writer, by the monotonic clock. */
  met: number
  /** How long a try takes, in milliseconds. */
  try: number
}

export const createPace = (): Pace => ({ met: -Infinity, try: 50 })

const othersMilliseconds = 5000

export interface Built<Result> {
  readonly commit: string
  /** What the commit weighs, about: what the server has to find room for. */
  readonly bytes: number
  readonly result: Result
}

/**
 * Puts a commit on top of a branch by compare-and-swap, never by force. What to commit is asked again for each head, until a push is accepted.
 * How servers word a rejection differs, so nothing is read from it: whether the branch moved, and whether the commit got there although
 * the answer was lost, is seen by reading the head.
 * @param build makes a commit that descends from `head`; undefined when there is nothing to commit
 * @param assumed what the head is likely to be, which saves a question to the server: if it is not, the push is refused and it is asked for
 * @throws Fault GIT_PUSH_REJECTED, GIT_UNREACHABLE, DISK_FULL, and what `build` throws
 */
export async function swap<Result>(
  remote: Remote,
  branch: string,
  limits: SwapLimits,
  build: (head: string | null) => Promise<Built<Result> | undefined | 'moved'>,
  { assumed, pace = createPace() }: { readonly assumed?: string | undefined; readonly pace?: Pace } = {},
): Promise<Result | undefined> {
  const started = performance.now()
  if (started - pace.met < othersMilliseconds) await jitter(Math.min(2000, 6 * pace.try))
  let head = assumed ?? (await remote.head())
  let refusals = 0
  for (let tries = 1; ; tries += 1) {
    const began = performance.now()
    const built = await build(head)
    if (built === undefined) {
      // What is not wanted on top of an older head may be wanted on top of the present one.
      const present = tries === 1 && assumed !== undefined ? await remote.head() : head
      if (present === head) return undefined
      head = present
      continue
    }
    const output = built === 'moved' ? undefined : await remote.push(built.commit, head)
    if (output?.code === 0) return built === 'moved' ? undefined : built.result
    pace.try = performance.now() - began
    await jitter(refusals > 0 ? Math.min(1000, 20 * 2 ** refusals) : pace.try / tries)
    const present = await remote.bringHead()
    if (present !== head) {
      pace.met = performance.now()
      refusals = 0
      if (built !== 'moved' && present !== null && (await contains(remote, present, built.commit))) return built.result
      head = present
    } else if (built !== 'moved' && output) {
      refusals = await countRefusal(remote, branch, { stderr: output.stderr, bytes: built.bytes }, refusals, limits)
    }
    const spent = performance.now() - started
    if (tries >= limits.tries && spent >= limits.milliseconds) {
      throw new Fault(
        'GIT_PUSH_REJECTED',
        `the branch ${branch} of ${shown(remote.address)} moved away ${tries} times while publishing`,
        { retry: 'soon', hint: 'others write there all the time; nothing is lost, the next try goes on' },
      )
    }
  }
}

/** Full jitter: two writers that met once do not meet again in step. */
function jitter(millisecondsMax: number): Promise<void> {
  return wait(Math.random() * millisecondsMax)
}

/** Whether a commit got there although the push failed: the answer may have been lost. */
async function contains(remote: Remote, head: string, commit: string): Promise<boolean> {
  return head === commit || (await isAncestor(remote.place, commit, head)) === true
}

const lockMilliseconds = 100

/** A push failed and the branch stands where it stood: finds out who has to act, or counts it and lets it be tried again. */
async function countRefusal(
  remote: Remote,
  branch: string,
  push: { readonly stderr: string; readonly bytes: number },
  before: number,
  limits: SwapLimits,
): Promise<number> {
  const words = gitSaid(push.stderr, remote.address.secrets)
  const refused = new Fault('GIT_PUSH_REJECTED', `${shown(remote.address)} refused the push to ${branch}: ${words}`, {
    retry: 'later',
    hint: 'this identity must be allowed to push to the branch: look at its protection rules and hooks',
  })
  const folders = [remote.place.folder, ...(remote.address.folder === null ? [] : [remote.address.folder])]
  const fault = await orDiskFull(refused, folders, push.bytes)
  if (fault.code === 'DISK_FULL') throw fault
  if (await freeBranch(remote.address, branch)) {
    // The lock is of a writer at work, or will soon be old enough to be taken for a dead one's.
    await wait(lockMilliseconds)
    return before
  }
  if (before + 1 >= limits.refusals) throw refused
  // A damaged clone cannot offer what it lacks.
  if (before + 1 === 3) await remote.renew()
  return before + 1
}
