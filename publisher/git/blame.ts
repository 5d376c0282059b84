import { type GitPlace, git, gitFailed, runGit } from './run.ts'

/** The commit that each line of a file was written in, from line 1. @throws Fault GIT_FAILED */
export async function blameLines(place: GitPlace, commit: string, path: string): Promise<readonly string[]> {
  // A person may have a list of commits to leave out in every repository, and a bare clone has no such file: Git would fail. It reaches no server.
  const alone = { ...place, globalConfiguration: null }
  const output = await runGit(alone, ['blame', '--porcelain', commit, '--', path])
  if (output.code !== 0) throw gitFailed(place, 'blame', output.stderr)
  const commits: string[] = []
  for (const line of output.stdout.toString('utf8').split('\n')) {
    // Lines of the file stand behind a tab, so none of them looks like the head of one.
    const head = /^([0-9a-f]{40,64}) \d+ (\d+)/.exec(line)
    if (head) commits[Number(head[2]) - 1] = head[1] ?? ''
  }
  return commits
}

/** How commits came to a branch. */
export interface Arrivals {
  /** The merge that brought a commit to the branch; null for one that was made or pushed there itself. @throws Fault GIT_FAILED */
  mergeOf(commit: string): Promise<string | null>
}

export function openArrivals(place: GitPlace, head: string): Arrivals {
  let line: Promise<ReadonlySet<string>> | undefined
  const firstParents = async (): Promise<ReadonlySet<string>> => {
    const text = await git(place, ['rev-list', '--first-parent', head, '--'])
    return new Set(text.split('\n'))
  }
  return {
    mergeOf: async (commit) => {
      line ??= firstParents()
      if ((await line).has(commit)) return null
      const range = ['--first-parent', '--ancestry-path', '--merges', '--reverse', `${commit}..${head}`]
      const text = await git(place, ['rev-list', ...range, '--'])
      return text.split('\n')[0] || null
    },
  }
}
