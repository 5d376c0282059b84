import type { CompileInput } from '../../compiler/compile-types.ts'
import { compareSpecs, describeComparison } from '../../compiler/impact/compare.ts'
import type { Deployed } from '../../domain/publication.ts'
import { markdownComparison } from '../impact/markdown.ts'
import { comparingAids } from './aids.ts'
import { withoutSecrets } from './secrets.ts'

/**
 * What a pull request of the deploy repository says: as `specyard diff --output markdown` says it of what is deployed. Without what records know of
 * runs, so that it says the same while the same is proposed.
 */
export async function proposalText(input: Omit<CompileInput, 'deployed'>, deployed: Deployed): Promise<string> {
  const compared = compareSpecs(undefined, input, deployed, comparingAids())
  const { problems } = compared.result
  const policy = problems.filter((one) => one.code === 'POLICY_WARNED')
  const { commit, dirty } = input.source
  const text = markdownComparison({
    base: null,
    head: { label: commit === null ? 'the specs' : commit.slice(0, 12), commit, dirty },
    against: 'what is published',
    problems: problems.filter((one) => one.severity === 'warning' && !policy.includes(one)),
    baseProblems: [],
    // It tells what merging it does: nothing of that waits for another one.
    difference: { ...describeComparison(compared, input, undefined, policy), proposed: [] },
  })
  return withoutSecrets(text)
}
