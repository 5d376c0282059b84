import { isFault } from '../../domain/fault.ts'
import type { ProposalView } from '../../domain/proposal.ts'
import type { PullState } from '../../publisher/forge/waiting-pull.ts'
import type { Opened } from '../house/open.ts'

/** What waits for a pull request now. Where the forge does not answer, the branch is told all the same. @throws Fault as `DeployRepository.waiting` */
export async function readProposals({
  settings,
  deploy,
  pullRequests,
}: Pick<Opened, 'deploy' | 'pullRequests'> & { readonly settings: Pick<Opened['settings'], 'deployBranch'> }): Promise<
  readonly ProposalView[]
> {
  const waiting = await deploy.waiting()
  if (waiting.kind === 'none') return []
  const base = settings.deployBranch
  if (waiting.kind === 'foreign') {
    const { branch, commit, author } = waiting.foreign
    const message = `${branch} holds a commit of ${author}, and is left as it is: merge it or delete the branch`
    return [{ state: 'foreign', branch, base, commit, subject: '', subjects: [], pullRequest: null, message }]
  }
  const { branch, commit, subject, subjects } = waiting.proposal
  const told = { branch, base, commit, subject, subjects }
  try {
    const pull = await pullRequests?.find(waiting.proposal)
    const pullRequest = pull ? { number: pull.number, url: pull.url } : null
    return [
      {
        state: pull?.kind === 'declined' ? 'declined' : 'waiting',
        ...told,
        pullRequest,
        message: wordsOf(pull, branch, base),
      },
    ]
  } catch (error) {
    if (!isFault(error)) throw error
    return [
      {
        state: 'waiting',
        ...told,
        pullRequest: null,
        message: `proposed, waits for a pull request that is not known now: ${error.message}`,
      },
    ]
  }
}

function wordsOf(pull: PullState | undefined, branch: string, base: string): string {
  if (!pull) return `proposed, waits for a pull request from ${branch} to ${base}`
  if (pull.kind === 'declined')
    return `proposed, and pull request ${pull.number} was closed: it waits to be opened again, or for other specs`
  return `proposed, waits for pull request ${pull.number}`
}
