import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { hasErrors } from '../../domain/problem.ts'
import { specFolder } from '../../publisher/spec-repository.ts'
import { gitEnvironment } from '../house/environment.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { openDeploy } from '../house/repositories.ts'
import { openPullRequests } from '../house/pull-requests.ts'
import { terminalOf } from '../terminal/paint.ts'
import { shownProblems } from '../terminal/problems.ts'
import type { World } from '../world.ts'
import { describeProposal, proposedDocument } from '../specs/propose-specs.ts'
import { commitsText, filesIn } from '../specs/publication-words.ts'
import { describeImpact, publishSpecs } from '../specs/publish-specs.ts'
import { readSettings } from '../house/settings.ts'

export interface PublishFlags {
  readonly output: 'human' | 'json'
  readonly kubeVersion?: KubernetesVersion
}

/** Compiles the working tree and commits the difference to the deploy repository. */
export async function runPublish(world: World, directory: string, options: PublishFlags): Promise<ExitCode> {
  const read = await readSettings(directory, world.environment)
  const settings = { ...read, kubernetesVersion: options.kubeVersion }
  const git = gitEnvironment(world.environment)
  const deploy = await openDeploy(settings, git, world.now)
  const { impact, proposed, problems, files, publication } = await publishSpecs({
    ...{ settings, deploy, specs: specFolder(settings.root, git) },
    pullRequests: openPullRequests(settings, world.environment),
  })
  const failed = hasErrors(problems)
  if (options.output === 'json') {
    const document = {
      commit: publication?.commit ?? null,
      files: filesIn(publication),
      others: (publication?.others ?? []).map(({ branch, commit, files }) => ({ branch, commit, files })),
      impact: describeImpact({ impact }),
      proposed: proposed.flatMap((one) => proposedDocument(one) ?? []),
      problems,
    }
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  } else {
    const told = shownProblems(problems, files, terminalOf(world.stdout, world.environment))
    if (told !== undefined) world.stdout.write(`${told}\n\n`)
    if (failed) world.stdout.write('nothing was published\n')
    else if (!publication)
      world.stdout.write(
        proposed.length === 0
          ? 'nothing to publish: the deploy repository already says what the specs say\n'
          : 'nothing to push\n',
      )
    else {
      world.stdout.write(
        `published ${commitsText(publication)} to ${settings.deployUrl} (${filesIn(publication)} files)\n`,
      )
      for (const line of describeImpact({ impact })) world.stdout.write(`${line}\n`)
    }
    for (const line of proposed.flatMap(describeProposal)) world.stdout.write(`${line}\n`)
  }
  return failed ? exitCodes.problems : exitCodes.fine
}
