import { isFault } from '../../domain/fault.ts'
import type { Observed } from '../../reconciler/observed/document.ts'
import type { Survey } from '../../reconciler/observed/cluster.ts'
import type { SurveyedCluster } from '../../reconciler/sources/kubernetes/survey/open.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { table } from '../terminal/table.ts'
import type { World } from '../world.ts'
import { type ObserveOutput, printed } from './print.ts'
import { findingText, isShown, jobCells, type TextOptions } from './text.ts'

/** Changes that come together are told together. */
const gatherMilliseconds = 500
/** The branch is asked about so often, also while nothing happens in the cluster. */
const lookMilliseconds = 60_000

interface WatchOptions {
  readonly output: ObserveOutput
  readonly findings: TextOptions['least']
}

/** Prints everything once, and then what changes, until it is told to stop. */
export async function watchObserved(
  world: World,
  { output, findings: least }: WatchOptions,
  cluster: SurveyedCluster,
  look: (survey: Survey) => Promise<Observed>,
  stopped: AbortSignal,
): Promise<ExitCode> {
  const bell = createBell(stopped)
  const following = cluster.follow({ log: (message) => world.stderr.write(`${message}\n`), changed: bell.ring })
  try {
    let before: Observed | undefined
    while (!stopped.aborted) {
      const now = await lookAgain(world, before === undefined, async () => look(await following.view()))
      if (now) {
        world.stdout.write(before ? changesText(before, now, output, least) : printed(now, output, least))
        if (!before) for (const note of now.notes) world.stderr.write(`note: ${note}\n`)
        before = now
      }
      await bell.next()
    }
    return exitCodes.fine
  } finally {
    await following.close()
  }
}

/** What was seen once is waited for when it goes away: a cluster is restarted, a Git server has its maintenance. @throws Fault at first */
async function lookAgain<Seen>(
  { stderr }: World,
  first: boolean,
  look: () => Promise<Seen>,
): Promise<Seen | undefined> {
  try {
    return await look()
  } catch (error) {
    if (first || !isFault(error) || error.retry === 'never') throw error
    stderr.write(`note: ${error.code}  ${error.message}; it is tried again\n`)
    return undefined
  }
}

/** What is another than before: rows of Jobs and new findings; as JSON or YAML the whole, where anything is. */
export function changesText(
  before: Observed,
  now: Observed,
  output: ObserveOutput,
  least: TextOptions['least'],
): string {
  const wide = output === 'wide'
  // Ages go on by themselves, and are no change.
  const rows = (observed: Observed, one: Observed['jobs'][number]): string =>
    JSON.stringify(jobCells(one, one.since ?? observed.at, wide))
  const known = new Set(before.jobs.map((one) => rows(before, one)))
  const jobs = now.jobs.filter((one) => !known.has(rows(now, one)))
  const present = new Set(now.jobs.map((one) => `${one.namespace}/${one.name}`))
  const gone = before.jobs.filter((one) => !present.has(`${one.namespace}/${one.name}`))
  const told = new Set(before.findings.map(({ code, about }) => `${code} ${about}`))
  const found = now.findings.filter((one) => isShown(one, least) && !told.has(`${one.code} ${one.about}`))
  if (output === 'json' || output === 'yaml') {
    const same = JSON.stringify({ ...before, at: 0 }) === JSON.stringify({ ...now, at: 0 })
    return same ? '' : `${output === 'yaml' ? '---\n' : ''}${printed(now, output, least)}`
  }
  const [, ...lines] = table(
    [''],
    jobs.map((one) => [
      jobCells(one, now.at, wide)
        .filter((cell) => cell !== '-')
        .join('  '),
    ]),
  ).split('\n')
  return [
    ...lines.filter((line) => line !== '').map((line) => `${line}\n`),
    ...gone.map((one) => `${one.namespace}/${one.name}  no longer there\n`),
    ...found.map((one) => `${findingText(one)}\n`),
  ].join('')
}

/** Rings once for all that happens in a short time, and now and then by itself. */
function createBell(stopped: AbortSignal): { ring(): void; next(): Promise<void> } {
  let rung = false
  let wake: (() => void) | undefined
  const ring = (): void => {
    rung = true
    wake?.()
  }
  stopped.addEventListener('abort', ring, { once: true })
  const wait = (milliseconds: number, until: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds)
      wake = () => {
        if (until()) done()
      }
      function done(): void {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
    })
  return {
    ring,
    next: async () => {
      if (!rung) await wait(lookMilliseconds, () => true)
      if (!stopped.aborted) await wait(gatherMilliseconds, () => stopped.aborted)
      rung = false
    },
  }
}
