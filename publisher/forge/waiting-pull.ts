import { type Forge, limit, openClient } from './client.ts'
import { putComment } from './comment.ts'
import { faultOfPull, findPull, openPullRequest, type Proposal } from './pull-request.ts'

/*
 * The pull request of what waits to be merged into the deploy repository. There is one from its branch at a time. What it asks for stands as a mark in
 * its text: a person who closes it declines just that, and it is not opened again before something else is asked for.
 */

export interface WaitingPull extends Proposal {
  /** Of what is asked for. */
  readonly digest: string
}

export interface PullState {
  /** `declined`: a person closed it without merging. */
  readonly kind: 'open' | 'declined'
  readonly number: number
  /** Its address, for people. */
  readonly url: string
}

const withdrawnMark = '<!-- specyard withdrawn -->'
const markOf = (digest: string): string => `<!-- specyard proposal ${digest} -->`

/** The pull request of what is asked for; undefined where there is none yet. @throws Fault FORGE_UNREACHABLE, FORGE_REFUSED */
export async function findWaitingPull(
  forge: Forge,
  wanted: Pick<WaitingPull, 'branch' | 'base' | 'digest'>,
): Promise<PullState | undefined> {
  const octokit = openClient(forge)
  try {
    const open = await findPull(octokit, forge, wanted, 'open')
    if (open) return { kind: 'open', number: open.number, url: open.html_url }
    const mark = markOf(wanted.digest)
    const closed = await findPull(octokit, forge, wanted, 'closed', (one) => !one.merged_at && isMarked(one.body, mark))
    return closed && { kind: 'declined', number: closed.number, url: closed.html_url }
  } catch (error) {
    throw faultOfPull(error, forge, wanted.branch)
  }
}

/** Opens the pull request, or brings title and text of the open one up to date. @throws Fault as `findWaitingPull` */
export async function putWaitingPull(forge: Forge, wanted: WaitingPull): Promise<PullState> {
  const known = await findWaitingPull(forge, wanted)
  if (known?.kind === 'declined') return known
  const body = `${wanted.body.trimEnd()}\n\n${markOf(wanted.digest)}\n`
  if (!known) {
    await openPullRequest(forge, { ...wanted, body })
    return onlyOne(forge, wanted)
  }
  const { owner, repository: repo } = forge
  const octokit = openClient(forge)
  try {
    const at = { owner, repo, pull_number: known.number }
    const { data } = await octokit.rest.pulls.get({ ...at, request: limit() })
    const isSame =
      data.title === wanted.title && (data.body ?? '').replaceAll('\r\n', '\n').trimEnd() === body.trimEnd()
    if (!isSame) await octokit.rest.pulls.update({ ...at, title: wanted.title, body, request: limit() })
    return known
  } catch (error) {
    throw faultOfPull(error, forge, wanted.branch)
  }
}

/** Of two that were opened in the same moment, which a forge lets happen, the older one stays. */
async function onlyOne(forge: Forge, wanted: WaitingPull): Promise<PullState> {
  const { owner, repository: repo } = forge
  const octokit = openClient(forge)
  const open: { readonly number: number; readonly url: string }[] = []
  try {
    await findPull(octokit, forge, wanted, 'open', (one) => {
      if (isMarked(one.body, markOf(wanted.digest))) open.push({ number: one.number, url: one.html_url })
      return false
    })
    const [oldest, ...others] = open.sort((left, right) => left.number - right.number)
    for (const { number } of others) {
      const body = `The same as #${oldest?.number}.\n`
      await octokit.rest.pulls.update({ owner, repo, pull_number: number, state: 'closed', body, request: limit() })
    }
    if (oldest) return { kind: 'open', ...oldest }
  } catch (error) {
    throw faultOfPull(error, forge, wanted.branch)
  }
  throw faultOfPull(new Error('it was opened and is not there'), forge, wanted.branch)
}

/** Closes the open pull request from a branch, with a word why. @throws Fault as `findWaitingPull` */
export async function closeWaitingPull(
  forge: Forge,
  from: Pick<Proposal, 'branch' | 'base'>,
  why: string,
): Promise<void> {
  const octokit = openClient(forge)
  const { owner, repository: repo } = forge
  try {
    const open = await findPull(octokit, forge, from, 'open')
    if (!open) return
    // Once, however often this is begun again.
    await putComment({ ...forge, number: open.number }, withdrawnMark, `${withdrawnMark}\n\n${why}\n`)
    // Without its mark nobody takes it for declined when the same is asked for again.
    const body = (open.body ?? '').replace(/\s*<!-- specyard proposal [0-9a-f]+ -->\s*$/, '\n')
    await octokit.rest.pulls.update({ owner, repo, pull_number: open.number, state: 'closed', body, request: limit() })
  } catch (error) {
    throw faultOfPull(error, forge, from.branch)
  }
}

function isMarked(body: string | null, mark: string): boolean {
  return (body ?? '').trimEnd().endsWith(mark)
}
