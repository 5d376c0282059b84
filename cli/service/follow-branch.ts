import { type Memory, memoryOfProcess } from '../../compiler/load/memory.ts'
import { hasErrors } from '../../domain/problem.ts'
import type { LogEntry } from '../../reconciler/ports.ts'
import { everyCron } from '../../reconciler/schedule.ts'
import type { Opened } from '../house/open.ts'
import { formatProblems } from '../terminal/problems.ts'
import { describeProposal } from '../specs/propose-specs.ts'
import { commitsText } from '../specs/publication-words.ts'
import { describeImpact, publishSpecs } from '../specs/publish-specs.ts'

/** Of more effects than these the first ones are logged. */
const effectsMax = 20

export interface BranchFollower {
  /** Looks now; where a look is under way, once more after it. */
  look(): void
  /** Ends it, after what is under way. */
  end(): Promise<void>
}

/**
 * Publishes what is merged: at the times of a cron expression, and whenever it is told to look, it finds out whether the head of the spec branch
 * moved, and then compiles and publishes it. Specs with problems are told once for each commit, and change nothing.
 */
export function followBranch(
  opened: Opens,
  options: {
    readonly cron: string
    readonly now: () => Date
    log(entry: LogEntry): void
    /** Hears that somebody else has written to the deploy repository since the last look. */
    moved(): void
  },
): BranchFollower {
  const { log } = options
  const memory = memoryOfProcess()
  /** What was at the heads when the last look was over. */
  let published: { readonly specs: string | null; readonly deploy: string | null } | undefined
  let running: Promise<void> | undefined
  let again = false
  let ended = false

  const look = async (): Promise<void> => {
    const [specs, deploy] = await Promise.all([opened.specs.head(), opened.deploy.head()])
    if (published?.specs === specs && published.deploy === deploy) return
    if (published && published.deploy !== deploy) options.moved()
    const publishing = await publishBranch(opened, log, specs, memory)
    // A forge that did not answer is asked again at the next look.
    published = publishing.isDone ? { specs: publishing.commit, deploy: publishing.deployed ?? deploy } : undefined
  }
  const looks = async (): Promise<void> => {
    do {
      again = false
      await look().catch((error: unknown) => {
        log({ level: 'warn', message: `publishing: ${error instanceof Error ? error.message : String(error)}` })
      })
    } while (again && !ended)
  }
  const due = (): void => {
    again = true
    running ??= looks().finally(() => {
      running = undefined
    })
  }
  const endSchedule = everyCron(options.cron, options.now, due)
  due()
  return {
    look: due,
    end: async () => {
      ended = true
      endSchedule()
      await running
    },
  }
}

type Opens = Pick<Opened, 'settings' | 'deploy' | 'specs' | 'pullRequests'>

/**
 * Publishes the head of the spec branch, and tells what came of it.
 * @returns the commit that was read, null in a working tree; the one that was made, null where nothing was to change; and whether all was done
 */
export async function publishBranch(
  opened: Opens,
  log: (entry: LogEntry) => void,
  head?: string | null,
  memory?: Memory,
): Promise<{ readonly commit: string | null; readonly deployed: string | null; readonly isDone: boolean }> {
  const { problems, publication, source, ...rest } = await publishSpecs(opened, head, memory)
  const where = `specs ${source.commit?.slice(0, 10)}`
  if (hasErrors(problems)) log({ level: 'error', message: `${where} are not published:\n${formatProblems(problems)}` })
  else if (publication) {
    const effects = describeImpact(rest)
    const lines = [`${where} published as ${commitsText(publication)}`, ...effects.slice(0, effectsMax)]
    if (effects.length > effectsMax) lines.push(`… and ${effects.length - effectsMax} more; the commit names them all`)
    log({ level: 'info', message: lines.join('\n  ') })
  }
  for (const [told, ...effects] of rest.proposed.map(describeProposal))
    if (told !== undefined)
      log({ level: 'info', message: [`${where}: ${told}`, ...effects.slice(0, effectsMax)].join('\n  ') })
  const isDone = rest.proposed.every((one) => one.kind !== 'waiting' || one.trouble === undefined)
  return { commit: source.commit, deployed: publication?.head ?? publication?.commit ?? null, isDone }
}
