import { Octokit } from '@octokit/rest'
import { Fault } from '../../domain/fault.ts'

/** A repository of GitHub, and by what right we speak there. */
export interface Forge {
  /** Address of the API, such as https://api.github.com. */
  readonly api: string
  readonly owner: string
  readonly repository: string
  /** Never printed. */
  readonly token: string
}

export interface Proposal {
  readonly branch: string
  readonly base: string
  readonly title: string
  readonly body: string
}

const requestMilliseconds = 20_000

/**
 * Opens a pull request, or finds the one that is open from this branch already.
 * @returns its address, for people
 * @throws Fault FORGE_UNREACHABLE, FORGE_REFUSED
 */
export async function openPullRequest(forge: Forge, { branch: head, base, title, body }: Proposal): Promise<string> {
  const { owner, repository: repo } = forge
  const octokit = new Octokit({ auth: forge.token, baseUrl: forge.api.replace(/\/+$/, ''), log: silent })
  const request = { signal: AbortSignal.timeout(requestMilliseconds) }
  try {
    const open = await octokit.rest.pulls.list({ owner, repo, state: 'open', head: `${owner}:${head}`, base, request })
    const [known] = open.data
    if (known) return known.html_url
    const { data } = await octokit.rest.pulls.create({ owner, repo, head, base, title, body, request })
    return data.html_url
  } catch (error) {
    const { status, response } = error as { status?: number; response?: unknown }
    const where = `${owner}/${repo} at ${new URL(forge.api).host}`
    if (response === undefined || status === undefined || status >= 500 || status === 429)
      throw new Fault('FORGE_UNREACHABLE', `${where} cannot be reached to open a pull request`, { retry: 'soon' })
    const hint = 'the token in GITHUB_TOKEN must be allowed to write pull requests of this repository'
    const message = `${where} opens no pull request from ${head}: it answers with status ${status}`
    throw new Fault('FORGE_REFUSED', message, { retry: 'never', hint })
  }
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
