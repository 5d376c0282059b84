import { type Branches, branchesIn, environmentOf, ownBranch } from '../../domain/branches.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { compareText, type Problem } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'
import { problem } from '../problem.ts'
import type { SpecOf } from '../validate/validate.ts'
import { isInCluster } from './environments.ts'

type Environments = ReadonlyMap<string, Pick<SpecOf<'Environment'>, 'value' | 'document'>>

/**
 * The environments whose files are on a branch of their own. One that is no longer defined keeps its branch for as long as anything of it is published,
 * ended runs among it: by them it is known what must not run again.
 * @param deployBranch where everything else is; an Environment may name it too, which says nothing
 */
export function decideBranches(
  defined: Environments,
  ledger: LedgerView,
  deployed: Deployed,
  deployBranch: string,
): { readonly branches: Branches; readonly problems: readonly Problem[] } {
  const published = branchesIn(deployed.files)
  const wanted = new Map<string, string>()
  for (const [name, branch] of Object.entries(published))
    if (!defined.has(name) && [...deployed.files.keys()].some((path) => environmentOf(path) === name))
      wanted.set(name, branch)
  for (const [name, { value }] of defined) {
    const { branch = deployBranch } = value.spec
    if (branch !== deployBranch) wanted.set(name, branch)
  }
  const problems = [...defined].flatMap(([name, environment]) => {
    const branch = wanted.get(name)
    const why = branch === undefined ? undefined : unusable(branch, [deployBranch, ...wanted.values()])
    if (why !== undefined) return [unusableProblem(environment, why)]
    const from = ownBranch(name, published) ?? deployBranch
    return moved(environment, { from, to: branch ?? deployBranch }, ledger, deployed)
  })
  return { branches: Object.fromEntries([...wanted].sort(([left], [right]) => compareText(left, right))), problems }
}

/**
 * Why a branch cannot be an environment's own; undefined where it can. Two environments may share one.
 * @param used every branch that is used, this one among them
 * @see https://git-scm.com/docs/git-check-ref-format
 */
function unusable(branch: string, used: readonly string[]): string | undefined {
  if (/\.\.|\/\/|\/\.|\.lock(\/|$)|[./]$/.test(branch)) return `Git takes no branch "${branch}"`
  if (branch === 'HEAD' || branch.startsWith('refs/')) return `"${branch}" means something else to Git`
  const others = used.filter((one) => one !== branch)
  const besides = [...new Set(used)].map((one) => `${one}-next`)
  if (besides.includes(branch))
    return `pull requests of the branch "${branch.slice(0, -'-next'.length)}" are made from it`
  if (used.includes(`${branch}-next`)) return `its pull requests would be made from the branch "${branch}-next"`
  const clash = [...others, ...besides].find((one) => one.startsWith(`${branch}/`) || branch.startsWith(`${one}/`))
  return clash === undefined
    ? undefined
    : `Git cannot have it beside the branch "${clash}": one would be a folder of the other`
}

function unusableProblem({ document, value }: Pick<SpecOf<'Environment'>, 'value' | 'document'>, why: string): Problem {
  return problem(
    'BRANCH_UNUSABLE',
    document.locate('/spec/branch'),
    `the environment "${value.metadata.name}" cannot have this branch: ${why}`,
    { hint: `name another branch, such as ${value.metadata.name}` },
  )
}

/** A branch changes only while nothing of the environment is deployed: Argo CD would take away what it does not find where it looks. */
function moved(
  { document, value }: Pick<SpecOf<'Environment'>, 'value' | 'document'>,
  { from, to }: { readonly from: string; readonly to: string },
  ledger: LedgerView,
  deployed: Deployed,
): readonly Problem[] {
  const { name } = value.metadata
  if (from === to) return []
  const isIts = ({ environment }: { readonly environment: string }): boolean => environment === name
  const run = ledger.runs.filter(isIts).find(({ runs }) => runs.some(isInCluster))
  // One that waits for a model has no file that Argo CD reads.
  const endpoint = ledger.endpoints.filter(isIts).find(({ pin }) => pin !== null)
  const drifted = deployed.drifted.find(({ path }) => environmentOf(path) === name)
  const there = run ?? endpoint
  if (!there && !drifted) return []
  const [why, hint] = there
    ? [
        `${run ? 'a run of' : 'the endpoint'} ${there.project}/${there.name} is deployed there`,
        `keep branch: ${from} until its runs have ended and are retired and its endpoints are taken out of the specs, or name a new Environment for the new branch`,
      ]
    : [`somebody else changed ${drifted?.path}`, 'restore that file in the deploy repository first']
  const message = `the environment "${name}" cannot move from the branch "${from}" to "${to}": ${why}`
  return [
    problem('BRANCH_MOVED', document.locate(value.spec.branch === undefined ? '/spec' : '/spec/branch'), message, {
      hint,
    }),
  ]
}
