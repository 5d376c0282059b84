import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest'
import type { Fault } from '../../domain/fault.ts'
import { faultOf, findInPages, type Forge, limit, openClient, pageSize, statusOf } from './client.ts'

export interface Proposal {
  readonly branch: string
  readonly base: string
  readonly title: string
  readonly body: string
}

/**
 * Opens a pull request, or finds the one that is open from this branch already.
 * @returns its address, for people
 * @throws Fault FORGE_UNREACHABLE, FORGE_REFUSED
 */
export async function openPullRequest(forge: Forge, proposal: Proposal): Promise<string> {
  const { owner, repository: repo } = forge
  const { branch: head, base, title, body } = proposal
  const octokit = openClient(forge)
  try {
    const known = await findPull(octokit, forge, proposal, 'open')
    if (known !== undefined) return known.html_url
    try {
      const { data } = await octokit.rest.pulls.create({ owner, repo, head, base, title, body, request: limit() })
      return data.html_url
    } catch (error) {
      // Somebody was quicker: GitHub calls that 422, Gitea 409. Both have other reasons for these too.
      const status = statusOf(error)
      const made = status === 409 || status === 422 ? await findPull(octokit, forge, proposal, 'open') : undefined
      if (made === undefined) throw error
      return made.html_url
    }
  } catch (error) {
    throw faultOfPull(error, forge, head)
  }
}

export function faultOfPull(error: unknown, { api, owner, repository }: Forge, branch: string): Fault {
  const where = `${owner}/${repository} at ${new URL(api).host}, asked for a pull request from ${branch},`
  const hint = 'the token in GITHUB_TOKEN must be allowed to read the repository and to write its pull requests'
  return faultOf(error, where, hint)
}

type Pull = RestEndpointMethodTypes['pulls']['list']['response']['data'][number]

/** The first pull request of a state from this branch of the repository itself; forks may have a branch of that name too. */
export async function findPull(
  octokit: Octokit,
  forge: Forge,
  { branch, base }: Pick<Proposal, 'branch' | 'base'>,
  state: 'open' | 'closed',
  isWanted: (pull: Pull) => boolean = () => true,
): Promise<Pull | undefined> {
  const { owner, repository: repo } = forge
  // What one forge does not know it ignores: `head` and `base` are GitHub's, `base_branch` and `limit` are Gitea's.
  const filters = { head: `${owner}:${branch}`, base, base_branch: base, per_page: pageSize, limit: pageSize }
  const read = (page: number) => octokit.rest.pulls.list({ owner, repo, state, ...filters, page, request: limit() })
  return findInPages(read, (one) => {
    const isOwn = (one.head.repo as { id: number } | null)?.id === one.base.repo.id
    // Of a branch that is deleted Gitea tells another name.
    const isFrom = one.head.ref === branch || one.head.label === branch || one.head.label === `${owner}:${branch}`
    return isOwn && isFrom && one.base.ref === base && isWanted(one)
  })
}
