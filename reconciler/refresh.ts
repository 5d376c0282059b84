import { applicationName } from '../domain/ledger.ts'
import type { Publication } from '../domain/publication.ts'
import type { Look } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'

/** The names of the Applications that commits concern, by environment: those over the Jobs or the endpoint of each subject, and the root. */
export function applicationsOf(publications: readonly Publication[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, Set<string>>()
  for (const subject of publications.flatMap((one) => one.subjects)) {
    const [environment, project, name] = subject.split('/')
    if (!environment || !project || !name) continue
    const known = names.get(environment) ?? new Set([applicationName.root(environment)])
    known.add(applicationName.jobs(environment, project))
    known.add(applicationName.endpoint({ environment, project, name }))
    names.set(environment, known)
  }
  return new Map([...names].map(([environment, known]) => [environment, [...known]]))
}

function lastAbout(environment: string, publications: readonly Publication[]): string | undefined {
  return publications.findLast(({ subjects }) => subjects.some((one) => one.startsWith(`${environment}/`)))?.commit
}

/** An Application is asked again when it has not looked after so long, twice as long each time. */
const firstMilliseconds = 2000
const askedMax = 6
/** Of more commits than these, found at once, the older ones were synced long ago. */
const refreshedMax = 200
const commitsKept = 2000

export interface Refresher {
  /**
   * Asks for what was published to be synced now, once for each commit; where that fails, the cluster looks by itself in some minutes.
   */
  after(publications: readonly Publication[]): Promise<void>
  /** The same of a commit that was made just now; left to `after`, which finds it later, where a cluster is not connected yet. */
  atOnce(publication: Publication): Promise<void>
  /**
   * Asks those again that have not looked since: Argo CD takes a request that comes while it looks for the one that it is about.
   * @returns milliseconds after which it is worth looking again; undefined when nobody is waited for
   */
  again(look: Look): Promise<number | undefined>
}

interface Awaited {
  readonly environment: string
  readonly name: string
  /** What it is to have compared, by its number among the commits. */
  readonly commit: number
  readonly askedAt: number
  readonly times: number
}

/** Kept in memory alone: a process that begins anew finds what was published before it, and asks once. */
export function createRefresher(ports: Pick<ReconcilerPorts, 'cluster' | 'log' | 'now'>): Refresher {
  const awaited = new Map<string, Awaited>()
  const numbers = new Map<string, number>()
  let newest = 0

  const ask = async (environment: string, names: readonly string[]): Promise<void> => {
    try {
      await ports.cluster(environment)?.refresh(names)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      ports.log({ level: 'info', message: `Applications of ${environment} were not refreshed: ${why}` })
    }
  }
  const hasLooked = ({ environment, name, commit }: Awaited, look: Look): boolean => {
    const application = look.view(environment)?.applications.find((one) => one.name === name)
    const { comparedRevision } = application ?? {}
    // One that does not say, or is not there, is not to be waited for.
    if (comparedRevision === undefined) return true
    const number = comparedRevision === null ? undefined : numbers.get(comparedRevision)
    return number !== undefined && number >= commit
  }
  const after: Refresher['after'] = async (publications) => {
    const some = publications.filter(({ commit }) => !numbers.has(commit)).slice(-refreshedMax)
    for (const { commit } of some) numbers.set(commit, (newest += 1))
    for (const commit of [...numbers.keys()].slice(0, -commitsKept)) numbers.delete(commit)
    for (const [environment, names] of applicationsOf(some)) {
      // Where its environment has a branch of its own, it never compares the commits of others.
      const commit = numbers.get(lastAbout(environment, some) ?? '') ?? newest
      for (const name of names) {
        const one = { environment, name, commit, askedAt: ports.now().getTime(), times: 1 }
        awaited.set(`${environment} ${name}`, one)
      }
      await ask(environment, names)
    }
  }
  return {
    after,
    atOnce: async (publication) => {
      const environments = [...applicationsOf([publication]).keys()]
      if (environments.every((one) => ports.cluster(one) !== undefined)) await after([publication])
    },
    again: async (look) => {
      const now = ports.now().getTime()
      const due = new Map<string, string[]>()
      let next: number | undefined
      for (const [key, one] of awaited) {
        if (hasLooked(one, look) || one.times >= askedMax) {
          awaited.delete(key)
          continue
        }
        const left = one.askedAt + firstMilliseconds * 2 ** (one.times - 1) - now
        next = Math.min(next ?? left, left > 0 ? left : firstMilliseconds)
        if (left > 0) continue
        awaited.set(key, { ...one, askedAt: now, times: one.times + 1 })
        due.set(one.environment, [...(due.get(one.environment) ?? []), one.name])
      }
      for (const [environment, names] of due) await ask(environment, names)
      return next
    },
  }
}
