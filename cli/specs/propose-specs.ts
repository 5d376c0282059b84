import type { CompileInput } from '../../compiler/compile-types.ts'
import { isFault } from '../../domain/fault.ts'
import type { ForeignProposal, Proposal } from '../../domain/proposal.ts'
import type { Deployed, PublishedChange, PublishRequest } from '../../domain/publication.ts'
import type { PullState } from '../../publisher/forge/waiting-pull.ts'
import type { Opened } from '../house/open.ts'

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

const withdrawnWords = 'Nothing is left to propose: the specs have changed since, and ask for what is deployed.'

/**
 * Puts what waits for a pull request on its branch, opens the pull request or brings its text up to date, and takes both back where nothing is asked
 * for any more. Where the forge does not answer, the branch is there all the same, and the pull request is opened the next time.
 * @throws Fault as `DeployRepository.propose`
 */
export async function proposeSpecs(
  opened: Pick<Opened, 'deploy' | 'pullRequests'>,
  request: Omit<PublishRequest, 'change'>,
  compilation: {
    readonly input: Omit<CompileInput, 'deployed'>
    readonly asked: boolean
    change(deployed: Deployed): { readonly change: PublishedChange; readonly effects: readonly string[] } | undefined
  },
): Promise<ProposedSpecs> {
  const { deploy, pullRequests } = opened
  let on: Deployed | undefined
  let effects: readonly string[] = []
  const proposed = await deploy.propose({
    ...request,
    asked: compilation.asked,
    change: (deployed) => {
      on = deployed
      const wanted = compilation.change(deployed)
      effects = wanted?.effects ?? []
      return wanted?.change
    },
    withdrawing: async (proposal) => pullRequests?.close(proposal, withdrawnWords),
  })
  if (proposed.kind !== 'waiting') return proposed
  const { proposal } = proposed
  const told = { kind: proposed.kind, proposal, effects }
  if (!pullRequests || !on) return { ...told, pull: undefined, trouble: undefined }
  try {
    return {
      ...told,
      pull: await pullRequests.put(
        proposal,
        await (await import('./proposal-text.ts')).proposalText(compilation.input, on),
      ),
      trouble: undefined,
    }
  } catch (error) {
    if (!isFault(error)) throw error
    return { ...told, pull: undefined, trouble: error.message }
  }
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
