import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../domain/fault.ts'
import { hasCommit, isAncestor } from './objects.ts'
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
 * @param build makes a commit whose parent is `head`; undefined when there is nothing to commit
 * @throws Fault GIT_PUSH_REJECTED, GIT_UNREACHABLE, DISK_FULL, and what `build` throws
 */
export async function swap<Result>(
  remote: Remote,
  branch: string,
  limits: SwapLimits,
  build: (head: string | null) => Promise<Built<Result> | undefined | 'moved'>,
): Promise<Result | undefined> {
  const started = performance.now()
  let refusals = 0
  for (let tries = 1; ; tries += 1) {
    const head = await remote.head()
    const built = await build(head)
    if (built === undefined) return undefined
    if (built !== 'moved') {
      const output = await remote.push(built.commit)
      if (output.code === 0) return built.result
      const after = await remote.head()
      if (after !== null && after !== head && (await contains(remote, after, built.commit))) return built.result
      refusals =
        after === head
          ? await countRefusal(remote, branch, { stderr: output.stderr, bytes: built.bytes }, refusals, limits)
          : 0
    }
    const spent = performance.now() - started
    if (tries >= limits.tries && spent >= limits.milliseconds) {
      throw new Fault(
        'GIT_PUSH_REJECTED',
        `the branch ${branch} of ${shown(remote.address)} moved away ${tries} times while publishing`,
        { retry: 'soon', hint: 'others write there all the time; nothing is lost, the next try goes on' },
      )
    }
    // Full jitter: two writers that met once do not meet again in step.
    await wait(Math.random() * Math.min(1000, 20 * 2 ** Math.min(tries, 6)))
  }
}

async function contains(remote: Remote, head: string, commit: string): Promise<boolean> {
  if (head === commit) return true
  await remote.bring(head)
  return (await hasCommit(remote.place, head)) && (await isAncestor(remote.place, commit, head)) === true
}

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
    await wait(500)
    return before
  }
  if (before + 1 >= limits.refusals) throw refused
  // A damaged clone cannot offer what it lacks.
  if (before + 1 === 3) await remote.renew()
  return before + 1
}
