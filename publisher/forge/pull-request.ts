import type { Octokit } from '@octokit/rest'
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
    const known = await findOpen(octokit, forge, proposal)
    if (known !== undefined) return known
    try {
      const { data } = await octokit.rest.pulls.create({ owner, repo, head, base, title, body, request: limit() })
      return data.html_url
    } catch (error) {
      // Somebody was quicker: GitHub calls that 422, Gitea 409. Both have other reasons for these too.
      const status = statusOf(error)
      const made = status === 409 || status === 422 ? await findOpen(octokit, forge, proposal) : undefined
      if (made === undefined) throw error
      return made
    }
  } catch (error) {
    const where = `${owner}/${repo} at ${new URL(forge.api).host}, asked for a pull request from ${head},`
    const hint = 'the token in GITHUB_TOKEN must be allowed to read the repository and to write its pull requests'
    throw faultOf(error, where, hint)
  }
}

/** The address of the open pull request from this branch of the repository itself; forks may have a branch of that name too. */
async function findOpen(octokit: Octokit, forge: Forge, { branch, base }: Proposal): Promise<string | undefined> {
  const { owner, repository: repo } = forge
  // What one forge does not know it ignores: `head` and `base` are GitHub's, `base_branch` and `limit` are Gitea's.
  const filters = { head: `${owner}:${branch}`, base, base_branch: base, per_page: pageSize, limit: pageSize }
  const read = (page: number) =>
    octokit.rest.pulls.list({ owner, repo, state: 'open', ...filters, page, request: limit() })
  const found = await findInPages(read, (one) => {
    const isOwn = (one.head.repo as { id: number } | null)?.id === one.base.repo.id
    return isOwn && one.head.ref === branch && one.base.ref === base
  })
  return found?.html_url
}
