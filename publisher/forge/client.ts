import { Octokit } from '@octokit/rest'
import { Fault } from '../../domain/fault.ts'

/*
 * The part of GitHub's REST API that Gitea and Forgejo have too, under /api/v1 of their address: who the token is, comments, and pull requests.
 * Where they differ, what is read below is what both say. They ignore the filters of GitHub's lists, give pages of their own size, and tell by the
 * Link header, as GitHub does, whether there is another; so lists are filtered here and followed by that header.
 */

/** A repository of a forge, and by what right we speak there. */
export interface Forge {
  /** Address of the API, such as https://api.github.com or https://git.example.com/api/v1. */
  readonly api: string
  readonly owner: string
  readonly repository: string
  /** Never printed. */
  readonly token: string
}

/** Asked for; a forge may give fewer at a time. */
export const pageSize = 100
/** Of a list more is not read. */
const pagesMax = 30
const requestMilliseconds = 20_000

export function openClient({ api, token }: Pick<Forge, 'api' | 'token'>): Octokit {
  return new Octokit({ auth: token, baseUrl: api.replace(/\/+$/, ''), log: silent })
}

/** Each request has its own. */
export function limit(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(requestMilliseconds) }
}

interface Page<Item> {
  readonly data: readonly Item[]
  readonly headers: { readonly link?: string | undefined }
}

/** The first item that is wanted, page by page; undefined where there is none among the first pages. */
export async function findInPages<Item>(
  read: (page: number) => Promise<Page<Item>>,
  isWanted: (item: Item) => boolean | Promise<boolean>,
): Promise<Item | undefined> {
  for (let page = 1; page <= pagesMax; page += 1) {
    const { data, headers } = await read(page)
    for (const item of data) if (await isWanted(item)) return item
    if (!/\brel="next"/.test(headers.link ?? '')) return undefined
  }
  return undefined
}

/** What the forge answered; undefined where it gave no answer: such a request has a status too, of the client's own. */
export function statusOf(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: unknown }
  return typeof status === 'number' && response !== undefined ? status : undefined
}

/** Whether the answer means that too much was asked for, rather than that this may not be asked. */
export function isLimited(error: unknown): boolean {
  const { response } = error as { response?: { headers?: Record<string, unknown> } }
  return response?.headers?.['x-ratelimit-remaining'] === '0' || response?.headers?.['retry-after'] !== undefined
}

/**
 * What went wrong, as a fault: one of the forge, which passes, or a refusal, which somebody has to act on.
 * @param where what was asked for, for people
 * @param hint what to do about a refusal, but for a wrong token
 */
export function faultOf(error: unknown, where: string, hint: string): Fault {
  const status = statusOf(error)
  if (status === undefined || status >= 500 || status === 429 || (status === 403 && isLimited(error))) {
    const why = status === undefined ? (error instanceof Error ? error.name : 'no answer') : `status ${status}`
    return new Fault('FORGE_UNREACHABLE', `${where} cannot be reached: ${why}`, {
      retry: 'soon',
      cause: causeOf(error),
    })
  }
  const wrongToken = 'the token is wrong or has expired: give another one as GITHUB_TOKEN'
  const message = `${where} answers with status ${status}`
  return new Fault('FORGE_REFUSED', message, { retry: 'never', hint: status === 401 ? wrongToken : hint })
}

/** Why the connection failed. Of an answer nothing is kept: the client's error has the request in it, and so the token. */
function causeOf(error: unknown): unknown {
  return statusOf(error) === undefined ? (error as { cause?: unknown }).cause : undefined
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
