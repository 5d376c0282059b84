import { join } from 'node:path'
import { type Branches, branchesIn } from '../../domain/branches.ts'
import { sha256 } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import { branchesPath } from '../../domain/ledger.ts'
import type { LedgerHistory } from '../../domain/ledger-history.ts'
import type { Proposed, ProposeRequest, Waiting } from '../../domain/proposal.ts'
import type { Deployed, Publication, PublishRequest } from '../../domain/publication.ts'
import { refuseOvertaken } from '../chain/links.ts'
import { type DeployOptions, type DeployRepository, openDeployRepository } from '../deploy.ts'
import { branchesEver, together } from './history.ts'
import { createTelling } from './log.ts'
import { isSameOf, movingOf, stepsOf } from './move.ts'
import { partFor } from './split.ts'
import { branchesOf, checkedStates, headsOf, namesOf, sourceIn, type States, statesWith, unionOf } from './states.ts'

/*
 * Environments may have branches of their own. To whoever compiles, operates and looks there is one state of everything; what changes is parted by branch,
 * and lands on each by a compare-and-swap of its own, the deploy branch first. Nothing binds the commits together: whoever is killed between two of them
 * leaves what the next publication makes up for, because what is wanted is always held against what is there.
 */

/** The deploy repository with all of its branches; as `DeployRepository` says where nothing else is said. */
export interface DeployBranches extends Pick<DeployRepository, 'head' | 'read' | 'publish' | 'ledgerHistory'> {
  /** What became of it on each branch, the deploy branch first. */
  propose(request: ProposeRequest): Promise<readonly Proposed[]>
  /** What waits, for each branch. */
  waiting(): Promise<readonly Waiting[]>
  /**
   * Commits of ours on all branches that are not among the known ones, nor before them; at most 10,000 of each: ask again until there are none.
   * @param known newest first. Of a branch that stands still for long none may be among them: its commits are then told once more to each process
   * @param keep what is done with them; when it is done they are not told again
   */
  log(
    known: readonly string[],
    keep: (publications: readonly Publication[]) => Promise<unknown>,
  ): Promise<readonly Publication[]>
}

const triesMax = 10

/** What was read is no longer so: it has to be read, and decided, again. */
class Moved extends Error {}

/** @param options its branch is the deploy branch @throws Fault as `openDeployRepository` */
export async function openDeployBranches(options: DeployOptions): Promise<DeployBranches> {
  const main = await openDeployRepository(options)
  const opened = new Map<string, Promise<DeployRepository>>()
  const repositoryOf = (branch: string | undefined): Promise<DeployRepository> => {
    if (branch === undefined) return Promise.resolve(main)
    // A clone of its own: one that is damaged and made anew is in nobody else's way.
    const cacheFolder = join(options.cacheFolder, 'branches', sha256(branch).slice(0, 16))
    const known = opened.get(branch) ?? openDeployRepository({ ...options, branch, cacheFolder })
    opened.set(branch, known)
    known.catch(() => opened.delete(branch))
    return known
  }
  /** What the deploy branch said when it was read last. */
  let known: { readonly commit: string | null; readonly branches: Branches } | undefined
  let union: { readonly states: States; readonly deployed: Deployed } | undefined

  const readBranches = async (): Promise<{ main: Deployed; branches: Branches }> => {
    const deployed = await main.read()
    known = { commit: deployed.commit, branches: branchesOf(deployed, options.branch) }
    return { main: deployed, branches: known.branches }
  }
  const readStates = async (): Promise<States> => {
    const { main: deployed, branches } = await readBranches()
    const read = namesOf(branches).map(async (name) => [name, await (await repositoryOf(name)).read()] as const)
    return checkedStates({ main: deployed, branches, others: new Map(await Promise.all(read)) })
  }
  const wholeOf = (states: States): Deployed => {
    const isSame =
      union?.states.main === states.main &&
      union.states.others.size === states.others.size &&
      [...states.others].every(([name, deployed]) => union?.states.others.get(name) === deployed)
    if (!union || !isSame) union = { states, deployed: unionOf(states) }
    return union.deployed
  }
  /** The change as it is now wanted on one branch. @param branch undefined for the deploy branch */
  const wantedOn = (branch: string | undefined, base: States, there: Deployed, request: PublishRequest) => {
    if (branch === undefined && there.files.get(branchesPath) !== base.main.files.get(branchesPath)) throw new Moved()
    const states = statesWith(base, branch, there)
    const wanted = request.change(wholeOf(states))
    if (wanted?.files.has(branchesPath)) throw new Moved()
    const part = wanted && partFor(branch, wanted, states)
    return part && part.files.size > 0 ? part : undefined
  }
  /** As long as there is one branch a request goes there just as it is. */
  const alone = <Request extends PublishRequest>(request: Request): Request => ({
    ...request,
    change: (deployed) => {
      if (hasBranches(deployed)) throw new Moved()
      const wanted = request.change(deployed)
      if (wanted?.files.has(branchesPath)) throw new Moved()
      return wanted
    },
  })

  const move = async (base: States, text: string, made: Publication[]): Promise<void> => {
    const after = branchesOf({ ...base.main, files: new Map([[branchesPath, text]]) }, options.branch)
    for (const { branch, change } of stepsOf(wholeOf(base), base.branches, after, text)) {
      // What is written meanwhile on a branch that is left would be forgotten.
      if (branch === undefined && !isSameOf(movingOf(base.branches, after), wholeOf(base), unionOf(await readStates())))
        throw new Moved()
      const publication = await (
        await repositoryOf(branch)
      ).publish({
        source: null,
        change: (deployed) => {
          if (branch === undefined && deployed.files !== base.main.files) throw new Moved()
          return change(deployed)
        },
      })
      if (publication) made.push({ ...publication, branch: branch ?? options.branch })
    }
  }
  /** @returns the commits by branch, in their order @throws Moved */
  const publishSeveral = async (request: PublishRequest, made: Publication[]): Promise<void> => {
    const base = await readStates()
    const wanted = request.change(wholeOf(base))
    if (!wanted) return
    const text = wanted.files.get(branchesPath)
    if (text !== undefined) {
      await move(base, text ?? '', made)
      throw new Moved()
    }
    const branches = [undefined, ...base.others.keys()]
    const parts = new Map(branches.map((branch) => [branch, partFor(branch, wanted, base)]))
    // Before anything is pushed: what is newer may have changed other branches alone.
    for (const deployed of [base.main, ...base.others.values()])
      await refuseOvertaken(sourceIn(deployed) ?? null, request)
    for (const branch of branches) {
      const part = parts.get(branch)
      if (!part || part.files.size === 0) continue
      const before = branch === undefined ? base.main : base.others.get(branch)
      const publication = await (
        await repositoryOf(branch)
      ).publish({
        ...request,
        change: (there) => (there.files === before?.files ? part : wantedOn(branch, base, there, request)),
      })
      if (publication) made.push({ ...publication, branch: branch ?? options.branch })
    }
  }
  const untilStill = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    for (let tries = 0; tries < triesMax; tries += 1) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Moved)) throw error
        known = undefined
      }
    }
    throw new Fault('GIT_PUSH_REJECTED', 'which branches environments have changed again and again while publishing', {
      retry: 'soon',
    })
  }
  const isAlone = (): boolean => known === undefined || namesOf(known.branches).length === 0
  const head = async (): Promise<string | null> => {
    const commit = await main.head()
    if (known?.commit !== commit) await readBranches()
    const names = namesOf(known?.branches ?? {})
    if (names.length === 0) return commit
    const others = await Promise.all(names.map(async (name) => (await repositoryOf(name)).head()))
    return headsOf([commit, ...others])
  }
  const telling = createTelling()

  return {
    head,
    read: async () => wholeOf(await readStates()),
    publish: async (request) => {
      const made: Publication[] = []
      let tried = false
      await untilStill(async () => {
        if (isAlone() && !tried) {
          tried = true
          const publication = await main.publish(alone(request))
          known = { commit: publication?.commit ?? known?.commit ?? null, branches: {} }
          if (publication) made.push(publication)
        } else await publishSeveral(request, made)
      })
      const first = made.find(({ action }) => action !== 'move') ?? made.at(-1)
      if (!first || (made.length === 1 && isAlone())) return first
      const stands = await head()
      const others = made.filter((one) => one !== first)
      return { ...first, others, ...(stands === null ? {} : { head: stands }) }
    },
    propose: (request) =>
      untilStill(async () => {
        if (known && isAlone()) return [await main.propose(alone(request))]
        const base = await readStates()
        const proposed: Proposed[] = []
        for (const branch of [undefined, ...base.others.keys()]) {
          const repository = await repositoryOf(branch)
          const change = (there: Deployed) => wantedOn(branch, base, there, request)
          proposed.push(await repository.propose({ ...request, change }))
        }
        return proposed
      }),
    waiting: async () => {
      const { branches } = await readBranches()
      const all = [undefined, ...namesOf(branches)]
      return Promise.all(all.map(async (branch) => (await repositoryOf(branch)).waiting()))
    },
    log: async (after, keep) => {
      const { branches } = await readBranches()
      if (namesOf(branches).length > 0) {
        const all = await Promise.all([undefined, ...namesOf(branches)].map(repositoryOf))
        return telling(all, after, keep)
      }
      // What was pushed while a proposal waited need not be before it: by the newest alone it would be told for ever.
      const publications = await main.log(after[0] ?? null, after.slice(1))
      if (publications.length > 0) await keep(publications)
      return publications
    },
    ledgerHistory: async () => {
      const { main: deployed } = await readBranches()
      const history = await main.ledgerHistory()
      if (!deployed.files.has(branchesPath)) return history
      const { ever, commits } = await branchesEver(history)
      const others = new Map<string, LedgerHistory>()
      for (const branch of new Set([...ever.values()].flatMap((one) => [...one])))
        if (branch !== options.branch) others.set(branch, await (await repositoryOf(branch)).ledgerHistory())
      return together(history, others, ever, commits)
    },
  }
}

function hasBranches({ files }: Deployed): boolean {
  return Object.keys(branchesIn(files)).length > 0
}
