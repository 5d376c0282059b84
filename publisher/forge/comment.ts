import type { Octokit } from '@octokit/rest'
import { Fault } from '../../domain/fault.ts'
import { faultOf, findInPages, type Forge, isLimited, limit, openClient, pageSize, statusOf } from './client.ts'

/** A pull request of a forge, and by what right we speak there. */
export interface PullRequest extends Forge {
  readonly number: number
}

export type Commented =
  | { readonly kind: 'created' | 'updated' | 'unchanged'; readonly url: string }
  | { readonly kind: 'refused'; readonly status: number }

/** What GitHub takes; others take more. */
const charactersMax = 65_536
/** The account under which all workflows of Gitea and Forgejo write. Nobody can register it there; at GitHub it is a name like any other. */
const workflowAccount = 'gitea-actions'

/**
 * Puts a comment on a pull request, once: one that begins with the same marker, and that we wrote, is written anew, and left alone where it says
 * the same already.
 * @param marker the first line of the text, by which the comment is known again
 * @returns `refused` where the token may not write, as it is in a workflow for a fork
 * @throws Fault FORGE_UNREACHABLE, FORGE_REFUSED
 */
export async function putComment(pull: PullRequest, marker: string, text: string): Promise<Commented> {
  if (text.length > charactersMax)
    throw new Fault('FORGE_REFUSED', `the comment has ${text.length} characters; GitHub takes ${charactersMax}`, {
      retry: 'never',
    })
  const octokit = openClient(pull)
  const { owner, repository: repo, number: issue_number } = pull
  try {
    const before = await findComment(octokit, pull, marker)
    if (before && before.text === text) return { kind: 'unchanged', url: before.url }
    const { data } = before
      ? await octokit.rest.issues.updateComment({ owner, repo, comment_id: before.id, body: text, request: limit() })
      : await octokit.rest.issues.createComment({ owner, repo, issue_number, body: text, request: limit() })
    return { kind: before ? 'updated' : 'created', url: data.html_url }
  } catch (error) {
    const status = statusOf(error)
    if (status === 403 && !isLimited(error)) return { kind: 'refused', status }
    const where = `pull request ${issue_number} of ${owner}/${repo} at ${new URL(pull.api).host}`
    const hint =
      'check the name of the repository and the number, and that the token may read pull requests and write comments'
    const better = status !== undefined && status >= 500 ? await missing(octokit, pull) : undefined
    throw faultOf(better ?? error, where, hint)
  }
}

/** Gitea calls it a failure of its own where comments are asked of a pull request that there is not: what it says of that itself is told. */
async function missing(
  octokit: Octokit,
  { owner, repository: repo, number: pull_number }: PullRequest,
): Promise<unknown> {
  try {
    await octokit.rest.pulls.get({ owner, repo, pull_number, request: limit() })
    return undefined
  } catch (error) {
    return error
  }
}

interface Found {
  readonly id: number
  readonly text: string
  readonly url: string
}

async function findComment(octokit: Octokit, pull: PullRequest, marker: string): Promise<Found | undefined> {
  const { owner, repository: repo, number: issue_number } = pull
  const read = (page: number) =>
    octokit.rest.issues.listComments({ owner, repo, issue_number, per_page: pageSize, page, request: limit() })
  const isGithub = !/\/api\/v1\/*$/.test(pull.api)
  let self: string | undefined | null = null
  // Anybody can write our marker; what a person wrote is not ours to change, unless it was with this token.
  const found = await findInPages(read, async ({ body = '', user }) => {
    if (body.split(/\r?\n/)[0] !== marker) return false
    if (user?.type === 'Bot' || (!isGithub && user?.login === workflowAccount)) return true
    if (self === null) self = await loginOf(octokit)
    return self !== undefined && user?.login === self
  })
  return found && { id: found.id, text: (found.body ?? '').replaceAll('\r\n', '\n'), url: found.html_url }
}

/** Whose token it is; undefined for one of a workflow, which is nobody's, and for one that may not even say that. */
async function loginOf(octokit: Octokit): Promise<string | undefined> {
  try {
    return (await octokit.rest.users.getAuthenticated({ request: limit() })).data.login
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return undefined
  }
}
