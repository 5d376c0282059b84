import type { Octokit } from '@octokit/rest'
import type { MergedPull } from '../../domain/publication.ts'
import { type Forge, limit, openClient, pageSize } from './client.ts'
import { findPull, type Proposal } from './pull-request.ts'

/** Of a pull request more reviews are not read. */
const reviewsMax = pageSize
/** After so long nothing more is asked; a request that is under way has its own limit. */
const millisecondsMax = 20_000

/**
 * What the forge says of the pull requests in which some commits were merged, by the commit that was proposed last in each. What it does not say, or
 * does not answer, is left out: it is asked for what the history of the deploy repository does not know, and nothing waits for it.
 * @throws never
 */
export async function readMergedPulls(
  forge: Forge,
  from: Pick<Proposal, 'branch' | 'base'>,
  commits: readonly string[],
): Promise<ReadonlyMap<string, MergedPull>> {
  const wanted = new Set(commits)
  const numbers = new Map<string, number>()
  const told = new Map<string, MergedPull>()
  const octokit = openClient(forge)
  const until = performance.now() + millisecondsMax
  const isLate = (): boolean => performance.now() > until
  try {
    await findPull(octokit, forge, from, 'closed', ({ merged_at: mergedAt, head, number }) => {
      if (mergedAt && wanted.has(head.sha)) numbers.set(head.sha, number)
      return numbers.size === wanted.size || isLate()
    })
    // Forges give the newest first.
    for (const [commit, number] of numbers)
      if (!isLate()) told.set(commit, await readPull(octokit, forge, commit, number))
  } catch {
    // What it said before it failed is true all the same.
  }
  return told
}

async function readPull(
  octokit: Octokit,
  { owner, repository: repo }: Forge,
  commit: string,
  number: number,
): Promise<MergedPull> {
  const at = { owner, repo, pull_number: number }
  const { data } = await octokit.rest.pulls.get({ ...at, request: limit() })
  const reviews = await octokit.rest.pulls.listReviews({ ...at, per_page: reviewsMax, request: limit() })
  const by = (data.merged_by as { readonly login: string } | null)?.login ?? null
  return { number, url: data.html_url, by, approvedBy: approversOf(reviews.data, commit) }
}

/** A review as GitHub, Gitea and Forgejo have it; their states differ but for `APPROVED`. */
export interface Review {
  readonly user: { readonly login: string } | null
  readonly state: string
  readonly commit_id: string | null
  readonly submitted_at?: string | null | undefined
  /** Gitea's: GitHub changes the state. */
  readonly dismissed?: boolean
}

/**
 * Who approved just this commit and has not taken it back. An approval of what was proposed before says nothing of what was merged; a mere comment takes
 * nothing back.
 */
export function approversOf(reviews: readonly Review[], commit: string): readonly string[] {
  const approvers = new Set<string>()
  const timeOf = (one: Review): number => Date.parse(one.submitted_at ?? '') || 0
  for (const review of [...reviews].sort((one, other) => timeOf(one) - timeOf(other))) {
    const { user, state, commit_id: about, dismissed } = review
    if (!user || /^(COMMENT|COMMENTED|PENDING|REQUEST_REVIEW)$/.test(state)) continue
    if (state === 'APPROVED' && dismissed !== true && about === commit) approvers.add(user.login)
    else approvers.delete(user.login)
  }
  return [...approvers]
}
