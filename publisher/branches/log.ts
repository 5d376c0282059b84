import type { Publication } from '../../domain/publication.ts'
import type { DeployRepository } from '../deploy.ts'

type Branch = Pick<DeployRepository, 'log'>

/**
 * Tells the commits of several branches after those that are known, by their time; each branch's own stay in their order. A branch that stands still for
 * long is no longer among what whoever asks knows of: what was kept of it is remembered here.
 */
export function createTelling(): (
  branches: readonly Branch[],
  known: readonly string[],
  keep: (publications: readonly Publication[]) => Promise<unknown>,
) => Promise<readonly Publication[]> {
  const kept = new Map<Branch, string>()
  return async (branches, known, keep) => {
    const logs = await Promise.all(
      branches.map((branch) => {
        const commit = kept.get(branch)
        return branch.log(null, commit === undefined ? known : [...known, commit])
      }),
    )
    const all = merged(logs)
    if (all.length > 0) await keep(all)
    for (const [index, branch] of branches.entries()) {
      const commit = logs[index]?.at(-1)?.commit
      if (commit !== undefined) kept.set(branch, commit)
    }
    return all
  }
}

function merged(logs: readonly (readonly Publication[])[]): readonly Publication[] {
  const left = logs.map((log) => [...log].reverse())
  const all: Publication[] = []
  const told = new Set<string>()
  for (;;) {
    const [first] = left.filter((log) => log.length > 0).sort((one, other) => timeOf(one) - timeOf(other))
    const publication = first?.pop()
    if (!publication) return all
    // A branch that was made of another has its commits too.
    if (!told.has(publication.commit)) all.push(publication)
    told.add(publication.commit)
  }
}

function timeOf(reversed: readonly Publication[]): number {
  return reversed.at(-1)?.at.getTime() ?? 0
}
