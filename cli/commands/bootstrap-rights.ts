import { join } from 'node:path'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { ownBranch } from '../../domain/branches.ts'
import { isFault } from '../../domain/fault.ts'
import { type MayPush, type MayPushOptions, mayPropose, mayPush } from '../../publisher/may-push.ts'
import { type Finding, ok, problem } from '../../reconciler/sources/kubernetes/ground/finding.ts'
import { gitEnvironment } from '../house/environment.ts'
import { author } from '../house/repositories.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'

const remedy =
  'give this identity the right to push there, and look at its credentials: git ls-remote and git push must work'
const proposalRemedy =
  'give this identity the right to create, replace and delete it, or take protections.pullRequest out of the Environment'
const asFarAsSaid = 'as far as the server says without a push'

/**
 * What may be pushed of the deploy repository: the deploy branch, those that environments have of their own, and what pull requests take where they are
 * asked for.
 * @param environments those that are looked at
 */
export async function deployFindings(
  { environment }: World,
  settings: Settings,
  result: Pick<CompileResult, 'branches' | 'pullRequests'>,
  environments: readonly string[],
): Promise<readonly Finding[]> {
  const branchOf = (name: string): string => ownBranch(name, result.branches) ?? settings.deployBranch
  const branches = new Set([settings.deployBranch, ...environments.map(branchOf)])
  const proposing = new Set(result.pullRequests.filter((name) => environments.includes(name)).map(branchOf))
  const findings: Finding[] = []
  for (const branch of branches) {
    const options = {
      ...{ url: settings.deployRepository, branch, author, environment: gitEnvironment(environment) },
      cacheFolder: join(settings.stateFolder, 'deploy-check'),
    }
    findings.push(await branchFinding(options))
    if (proposing.has(branch)) findings.push(...(await proposalFindings(options)))
  }
  return findings
}

async function branchFinding(options: MayPushOptions): Promise<Finding> {
  const { branch } = options
  try {
    const asked = await mayPush(options)
    if (!asked.allowed) return problem(`branch ${branch} cannot be pushed to: ${asked.why}`, remedy)
    return ok(`branch ${branch}, ${whereText(asked)}, can be read and pushed to, ${asFarAsSaid}`)
  } catch (error) {
    if (!isFault(error)) throw error
    return problem(error.message, error.hint ?? remedy)
  }
}

async function proposalFindings(options: MayPushOptions): Promise<readonly Finding[]> {
  try {
    return [...(await mayPropose(options))].map(([reference, asked]) => {
      const name = reference.replace(/^refs\/heads\//, 'branch ')
      const what = `${name}, for pull requests to ${options.branch}`
      if (!asked.allowed) return problem(`${what}: it cannot be pushed to: ${asked.why}`, proposalRemedy)
      return ok(`${what}, ${whereText(asked)}, can be pushed to, ${asFarAsSaid}`)
    })
  } catch (error) {
    if (!isFault(error)) throw error
    return [problem(error.message, error.hint ?? proposalRemedy)]
  }
}

function whereText({ head }: Extract<MayPush, { allowed: true }>): string {
  return head === null ? 'which is not there yet' : `now at ${head.slice(0, 10)}`
}
