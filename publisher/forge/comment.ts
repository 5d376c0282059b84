import { Octokit } from '@octokit/rest'
import { Fault } from '../../domain/fault.ts'

/** A pull request of GitHub, and by what right we speak there. */
export interface PullRequest {
  /** Address of the API, such as https://api.github.com. */
  readonly api: string
  readonly owner: string
  readonly repository: string
  readonly number: number
  /** Never printed. */
  readonly token: string
}

export type Commented =
  | { readonly kind: 'created' | 'updated' | 'unchanged'; readonly url: string }
  | { readonly kind: 'refused'; readonly status: number }

/** What GitHub takes. */
const charactersMax = 65_536
const pageSize = 100
const pagesMax = 30
const requestMilliseconds = 20_000

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
  const octokit = new Octokit({ auth: pull.token, baseUrl: pull.api.replace(/\/+$/, ''), log: silent })
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
    throw faultOf(error, status, pull)
  }
}

/** Each request has its own. */
function limit(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(requestMilliseconds) }
}

interface Found {
  readonly id: number
  readonly text: string
  readonly url: string
}

async function findComment(octokit: Octokit, pull: PullRequest, marker: string): Promise<Found | undefined> {
  const { owner, repository: repo, number: issue_number } = pull
  let self: string | undefined | null = null
  for (let page = 1; page <= pagesMax; page += 1) {
    const { data } = await octokit.rest.issues.listComments({
      owner,
      repo,
      issue_number,
      per_page: pageSize,
      page,
      request: limit(),
    })
    for (const { id, body = '', html_url: url, user } of data) {
      if (body.split(/\r?\n/)[0] !== marker) continue
      // Anybody can write our marker; what a person wrote is not ours to change, unless it was with this token.
      if (user?.type !== 'Bot' && self === null) self = await loginOf(octokit)
      if (user?.type === 'Bot' || (self != null && user?.login === self))
        return { id, text: body.replaceAll('\r\n', '\n'), url }
    }
    if (data.length < pageSize) return undefined
  }
  return undefined
}

/** Whose token it is; undefined for one of a workflow, which is nobody's. */
async function loginOf(octokit: Octokit): Promise<string | undefined> {
  try {
    return (await octokit.rest.users.getAuthenticated({ request: limit() })).data.login
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return undefined
  }
}

function statusOf(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: unknown }
  // A request that got no answer has a status too, of the client's own.
  return typeof status === 'number' && response !== undefined ? status : undefined
}

function isLimited(error: unknown): boolean {
  const { response } = error as { response?: { headers?: Record<string, unknown> } }
  return response?.headers?.['x-ratelimit-remaining'] === '0' || response?.headers?.['retry-after'] !== undefined
}

function faultOf(error: unknown, status: number | undefined, { api, owner, repository, number }: PullRequest): Fault {
  const where = `pull request ${number} of ${owner}/${repository} at ${new URL(api).host}`
  if (status === undefined || status >= 500 || status === 429 || status === 403) {
    const why = status === undefined ? (error instanceof Error ? error.name : 'no answer') : `status ${status}`
    return new Fault('FORGE_UNREACHABLE', `${where} cannot be reached: ${why}`, { retry: 'soon' })
  }
  const hint =
    status === 401
      ? 'the token is wrong or has expired: give another one as GITHUB_TOKEN'
      : 'check the name of the repository and the number, and that the token may read pull requests and write comments'
  return new Fault('FORGE_REFUSED', `${where} answers with status ${status}`, { retry: 'never', hint })
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
