import type { CompileInput } from '../../compiler/compile-types.ts'
import { applied } from '../../compiler/impact/applied.ts'
import { type Branches, environmentOf, ownBranch } from '../../domain/branches.ts'
import { isFault } from '../../domain/fault.ts'
import type { ForeignProposal, Proposal } from '../../domain/proposal.ts'
import type { Deployed, PublishedChange, PublishRequest } from '../../domain/publication.ts'
import type { PullState } from '../../publisher/forge/waiting-pull.ts'
import type { Opened } from '../house/open.ts'
import { nothingDeployed } from './compile-specs.ts'

/** What became of what waits for a pull request. */
export type ProposedSpecs =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'waiting'
      readonly proposal: Proposal
      /** Undefined where no forge is known, or while it cannot be asked. */
      readonly pull: PullState | undefined
      /** Why the forge could not be asked; it is tried again. */
      readonly trouble: string | undefined
      /** Lines of what it does. */
      readonly effects: readonly string[]
    }
  | { readonly kind: 'foreign'; readonly foreign: ForeignProposal }
  | { readonly kind: 'withdrawn' | 'merged'; readonly proposal: Proposal }

type Wanted =
  | {
      readonly change: PublishedChange
      /** Lines of what it does in some environments. */
      effects(isOf: (environment: string) => boolean): readonly string[]
    }
  | undefined

const withdrawnWords = 'Nothing is left to propose: the specs have changed since, and ask for what is deployed.'

/**
 * Puts what waits for a pull request on its branch, opens the pull request or brings its text up to date, and takes both back where nothing is asked
 * for any more. Where the forge does not answer, the branch is there all the same, and the pull request is opened the next time.
 * @returns what became of it on each branch where anything is, or was, proposed
 * @throws Fault as `DeployBranches.propose`
 */
export async function proposeSpecs(
  opened: Pick<Opened, 'deploy' | 'pullRequests' | 'settings'>,
  request: Omit<PublishRequest, 'change'>,
  compilation: {
    readonly input: Omit<CompileInput, 'deployed'>
    readonly asked: boolean
    /** Of the environments that have one of their own. */
    readonly branches: Branches
    change(deployed: Deployed): Wanted
  },
): Promise<readonly ProposedSpecs[]> {
  const seen: { on?: Deployed; wanted?: Wanted } = {}
  const proposed = await opened.deploy.propose({
    ...request,
    asked: compilation.asked,
    change: (deployed) => {
      seen.on = deployed
      seen.wanted = compilation.change(deployed)
      return seen.wanted?.change
    },
    withdrawing: async (proposal) => opened.pullRequests?.close(proposal, withdrawnWords),
  })
  const { branches, input } = compilation
  const told: ProposedSpecs[] = []
  for (const one of proposed) {
    if (one.kind === 'none') continue
    if (one.kind !== 'waiting') {
      told.push(one)
      continue
    }
    const { proposal } = one
    const isOf = (environment: string): boolean =>
      (ownBranch(environment, branches) ?? opened.settings.deployBranch) === proposal.base
    const text = async (): Promise<string> =>
      (await import('./proposal-text.ts')).proposalText(input, withElsewhere(seen, isOf))
    const effects = seen.wanted?.effects(isOf) ?? []
    told.push({ kind: one.kind, proposal, effects, ...(await putPull(opened, proposal, text)) })
  }
  return told
}

async function putPull(
  { pullRequests }: Pick<Opened, 'pullRequests'>,
  proposal: Proposal,
  text: () => Promise<string>,
): Promise<Pick<Extract<ProposedSpecs, { kind: 'waiting' }>, 'pull' | 'trouble'>> {
  if (!pullRequests) return { pull: undefined, trouble: undefined }
  try {
    return { pull: await pullRequests.put(proposal, await text()), trouble: undefined }
  } catch (error) {
    if (!isFault(error)) throw error
    return { pull: undefined, trouble: error.message }
  }
}

/** What is deployed, with what waits on other branches: that is no part of what this one's proposal does. */
function withElsewhere(
  { on = nothingDeployed, wanted }: { readonly on?: Deployed; readonly wanted?: Wanted },
  isOf: (environment: string) => boolean,
): Deployed {
  const elsewhere = [...(wanted?.change.files ?? [])].filter(([path]) => {
    const environment = environmentOf(path)
    return environment !== undefined && !isOf(environment)
  })
  return elsewhere.length === 0 ? on : applied(on, new Map(elsewhere))
}

/** What is to be said of it, a line for each. */
export function describeProposal(proposed: ProposedSpecs): readonly string[] {
  switch (proposed.kind) {
    case 'none':
      return []
    case 'withdrawn':
      return [`withdrawn   the proposal on ${proposed.proposal.branch}: the specs ask for what is deployed`]
    case 'merged':
      return [`merged      the proposal on ${proposed.proposal.branch}; its branch is deleted`]
    case 'foreign': {
      const { branch, commit, author } = proposed.foreign
      return [
        `kept        ${branch}: it holds commit ${commit.slice(0, 10)} of ${author}, and was left as it is: merge it or delete the branch`,
      ]
    }
    case 'waiting':
      return [waitingLine(proposed), ...proposed.effects.map((line) => `proposed: ${line}`)]
  }
}

function waitingLine({ proposal, pull, trouble }: Extract<ProposedSpecs, { kind: 'waiting' }>): string {
  const { branch, base, commit } = proposal
  const what = `proposed    ${commit.slice(0, 10)} on ${branch}`
  if (trouble !== undefined) return `${what}; its pull request is not open yet: ${trouble}`
  if (!pull) return `${what}: open a pull request from ${branch} to ${base}, and merge it`
  if (pull.kind === 'declined')
    return `${what}; pull request ${pull.number} was closed, and waits to be opened again: ${pull.url}`
  return `${what}, waits for pull request ${pull.number}: ${pull.url}`
}

/** The same for programs; null where nothing waits, and nothing did. */
export function proposedDocument(proposed: ProposedSpecs): object | null {
  if (proposed.kind === 'none') return null
  if (proposed.kind === 'foreign') return { state: proposed.kind, ...proposed.foreign, pull_request: null }
  const { branch, base, commit, subject } = proposed.proposal
  const told = { state: proposed.kind, branch, base, commit, subject }
  if (proposed.kind !== 'waiting') return { ...told, pull_request: null }
  const { pull, trouble, effects } = proposed
  return {
    ...told,
    state: pull?.kind === 'declined' ? 'declined' : 'waiting',
    pull_request: pull ?? null,
    trouble: trouble ?? null,
    impact: effects,
  }
}
