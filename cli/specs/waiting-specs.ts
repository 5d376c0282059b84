import { isFault } from '../../domain/fault.ts'
import type { ProposalView, Waiting } from '../../domain/proposal.ts'
import type { PullState } from '../../publisher/forge/waiting-pull.ts'
import type { Opened } from '../house/open.ts'

/** What waits for a pull request now. Where the forge does not answer, the branch is told all the same. @throws Fault as `DeployRepository.waiting` */
export async function readProposals({
  deploy,
  pullRequests,
}: Pick<Opened, 'deploy' | 'pullRequests'>): Promise<readonly ProposalView[]> {
  const all = await Promise.all((await deploy.waiting()).map((waiting) => viewOf(waiting, pullRequests)))
  return all.filter((one) => one !== undefined)
}

async function viewOf(waiting: Waiting, pullRequests: Opened['pullRequests']): Promise<ProposalView | undefined> {
  if (waiting.kind === 'none') return undefined
  if (waiting.kind === 'foreign') {
    const { branch, base, commit, author } = waiting.foreign
    const message = `${branch} holds a commit of ${author}, and is left as it is: merge it or delete the branch`
    return { state: 'foreign', branch, base, commit, subject: '', subjects: [], pullRequest: null, message }
  }
  const { branch, base, commit, subject, subjects } = waiting.proposal
  const told = { branch, base, commit, subject, subjects }
  try {
    const pull = await pullRequests?.find(waiting.proposal)
    const pullRequest = pull ? { number: pull.number, url: pull.url } : null
    const state = pull?.kind === 'declined' ? 'declined' : 'waiting'
    return { state, ...told, pullRequest, message: messageOf(pull, branch, base) }
  } catch (error) {
    if (!isFault(error)) throw error
    const message = `proposed, waits for a pull request that is not known now: ${error.message}`
    return { state: 'waiting', ...told, pullRequest: null, message }
  }
}

function messageOf(pull: PullState | undefined, branch: string, base: string): string {
  if (!pull) return `proposed, waits for a pull request from ${branch} to ${base}`
  if (pull.kind === 'declined')
    return `proposed, and pull request ${pull.number} was closed: it waits to be opened again, or for other specs`
  return `proposed, waits for pull request ${pull.number}`
}
