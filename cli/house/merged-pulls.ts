import type { Publication } from '../../domain/publication.ts'
import type { DeployBranches } from '../../publisher/branches/open.ts'
import type { Opened } from './open.ts'

/** Of so many of the newest that were merged into a branch the forge is asked, each time that commits are recorded. */
const askedMax = 100

/** Commits of ours as `DeployBranches.log` tells them, kept with what the forge says of the pull requests that some were merged in. */
export function logWithPulls({ deploy, pullRequests }: Pick<Opened, 'deploy' | 'pullRequests'>): DeployBranches['log'] {
  if (!pullRequests) return (known, keep) => deploy.log(known, keep)
  return (known, keep) => deploy.log(known, async (some) => keep(await withPulls(some, pullRequests)))
}

async function withPulls(
  publications: readonly Publication[],
  { merged }: Pick<NonNullable<Opened['pullRequests']>, 'merged'>,
): Promise<readonly Publication[]> {
  const branches = new Map<string, string[]>()
  for (const { commit, merge } of publications)
    if (merge) branches.set(merge.branch, [...(branches.get(merge.branch) ?? []), commit])
  const pulls = new Map<string, NonNullable<Publication['mergedPull']>>()
  for (const [branch, commits] of branches)
    for (const [commit, pull] of await merged(branch, commits.slice(-askedMax))) pulls.set(commit, pull)
  return publications.map((one) => {
    const mergedPull = pulls.get(one.commit)
    return mergedPull ? { ...one, mergedPull } : one
  })
}
