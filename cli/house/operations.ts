import { describeOperations } from '../../compiler/operate/describe.ts'
import { type Operated, operate } from '../../compiler/operate/operate.ts'
import { keyText } from '../../domain/names.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'
import { type Deployed, publicationAbout, type PublishedChange } from '../../domain/publication.ts'
import type { DeployBranches } from '../../publisher/branches/open.ts'
import { specPathsOf } from '../specs/spec-paths.ts'
import { readChart } from './assets.ts'

/** Publishes operations as one commit, and says which. @throws Fault as `DeployBranches.publish` */
export async function publishOperations(
  deploy: DeployBranches,
  operations: readonly Operation[],
  address: { readonly url: string; readonly branch: string },
): Promise<readonly OperationResult[]> {
  const chart = readChart()
  let results: readonly OperationResult[] = []
  const publication = await deploy.publish({
    source: null,
    change: (deployed) => {
      const operated = operate(deployed, operations, chart, address)
      results = operated.results
      if (operated.change.size === 0) return undefined
      const part = partOf(operated, deployed)
      const { subject, body } = describeOperations(operated.results)
      return {
        ...{ files: operated.change, subject, body, action: operated.actions, subjects: operated.subjects },
        specs: specPathsOf(operated.change, deployed.files),
        part,
      }
    },
  })
  return results.map((result) => {
    const { operation } = result
    const about = 'key' in operation ? publicationAbout(publication, keyText(operation.key)) : publication
    return result.applied && about ? { ...result, commit: about.commit } : result
  })
}

/** What is said of those operations whose files go to one branch. */
function partOf(operated: Operated, deployed: Deployed): NonNullable<PublishedChange['part']> {
  return (files, isOf) => {
    const hasModels = [...files.keys()].some((path) => path.startsWith('.specyard/ledger/models/'))
    const results = operated.results.filter(({ operation }) =>
      'key' in operation ? isOf(operation.key.environment) : hasModels,
    )
    const subjects = operated.subjects.filter((subject) => hasModels || isOf(subject.split('/')[0] ?? ''))
    // An endpoint is pinned to a version that is registered on another branch.
    const words = describeOperations(results.length > 0 ? results : operated.results)
    return { ...words, subjects, specs: specPathsOf(files, deployed.files) }
  }
}
