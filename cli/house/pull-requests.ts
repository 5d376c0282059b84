import type { Proposal } from '../../domain/proposal.ts'
import type { MergedPull } from '../../domain/publication.ts'
import type { PullState } from '../../publisher/forge/waiting-pull.ts'
import { repositoryOf } from '../../publisher/forge/repository-of.ts'
import { proposalReferences } from '../../publisher/proposal/references.ts'
import { createTurn } from '../../publisher/turn.ts'
import type { ProcessEnvironment } from './environment.ts'
import type { Settings } from './settings.ts'

/** The pull requests of what waits to be merged into the deploy repository. Each throws Fault FORGE_UNREACHABLE, FORGE_REFUSED. */
export interface DeployPullRequests {
  /** Opens it, or brings its text up to date. */
  put(proposal: Proposal, text: string): Promise<PullState>
  find(proposal: Proposal): Promise<PullState | undefined>
  close(proposal: Proposal, why: string): Promise<void>
  /** What is known of those in which commits were merged into a branch; what the forge does not answer is left out. Throws never. */
  merged(base: string, commits: readonly string[]): Promise<ReadonlyMap<string, MergedPull>>
}

/** Undefined where no GITHUB_TOKEN is set or the deploy repository is at no forge: then people open them. */
export function openPullRequests(
  { deployRepository }: Pick<Settings, 'deployRepository'>,
  environment: ProcessEnvironment,
): DeployPullRequests | undefined {
  const token = environment['GITHUB_TOKEN']
  const api = environment['GITHUB_API_URL'] || 'https://api.github.com'
  const at = repositoryOf(deployRepository, api)
  if (!token || !at) return undefined
  const forge = { api, token, ...at }
  const load = () => import('../../publisher/forge/waiting-pull.ts')
  // Forges let two be opened in the same moment.
  const inTurn = createTurn()
  return {
    put: ({ subject, ...proposal }, body) =>
      inTurn(async () => (await load()).putWaitingPull(forge, { ...proposal, title: subject, body })),
    find: async (proposal) => (await load()).findWaitingPull(forge, proposal),
    merged: async (base, commits) => {
      const { readMergedPulls } = await import('../../publisher/forge/merged-pull.ts')
      return readMergedPulls(forge, { base, branch: proposalReferences(base).nextBranch }, commits)
    },
    close: (proposal, why) => inTurn(async () => (await load()).closeWaitingPull(forge, proposal, why)),
  }
}
