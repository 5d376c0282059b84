import { describeOperations } from '../../compiler/operate/describe.ts'
import { operate } from '../../compiler/operate/operate.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'
import type { DeployRepository } from '../../publisher/deploy.ts'
import { specPathsOf } from '../specs/spec-paths.ts'
import { readChart } from './assets.ts'

/** Publishes operations as one commit, and says which. @throws Fault as `DeployRepository.publish` */
export async function publishOperations(
  deploy: DeployRepository,
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
      const { subject, body } = describeOperations(operated.results)
      return {
        ...{ files: operated.change, subject, body, action: operated.actions, subjects: operated.subjects },
        specs: specPathsOf(operated.change, deployed.files),
      }
    },
  })
  const commit = publication && { commit: publication.commit }
  return results.map((result) => (result.applied && commit ? { ...result, ...commit } : result))
}
