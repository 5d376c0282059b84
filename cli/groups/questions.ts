import { type AddCommand, folder, kubeVersionOption, outputOption } from '../command.ts'
import type { DiffFlags } from '../commands/diff.ts'
import type { DriftFlags } from '../commands/drift.ts'
import type { ExplainFlags } from '../commands/explain.ts'
import type { PoliciesFlags } from '../commands/policies.ts'
import { exitCodes } from '../exit.ts'

// The commands that answer what specs say, what a change of them does and where that comes from, and change nothing.

export const addExplain: AddCommand = (program, world) => {
  program
    .command('explain <what> [path]')
    .description(
      'what a code means and what to do; or where each value of a spec, and of what is rendered of it, comes from',
    )
    .option('--env <name>', 'the environment of the spec, where it has several')
    .option('--rev <revision>', 'the spec as it stands in a commit, branch or tag')
    .option('--rendered', 'each line of the rendered files instead of each value of the plan')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      `
<what> is a code, or a spec: its name, project/name, environment/project/name, or the path of its file. [path] is a value of the plan or of
the spec, such as resources.gpus or spec.training.epochs; everything below it is told.

Examples:
  specyard explain KEY_UNKNOWN
  specyard explain handbook --env prod
  specyard explain handbook --env prod replicas
  specyard explain support-sft --rendered`,
    )
    .action(async (what: string, path: string | undefined, options: ExplainFlags) => {
      const { runExplain } = await import('../commands/explain.ts')
      world.exit(
        await runExplain(world, folder(program, world), what, { ...options, ...(path === undefined ? {} : { path }) }),
      )
    })
}

export const addDiff: AddCommand = (program, world) => {
  program
    .command('diff [revision] [other]')
    .description(
      'what publishing would start, stop, roll, cost and prune, and the rendered difference; publishes nothing',
    )
    .addOption(kubeVersionOption())
    .addOption(outputOption(['human', 'json', 'markdown']))
    .option('--offline', 'take nothing for published, instead of asking the deploy repository')
    .addHelpText(
      'after',
      `
Without a revision the working tree is held against what is published; with one, that; with two, or as a..b, one against the other. a...b is
what b adds since it left a, and . is the working tree. How far runs are, and what past ones took, is told where there is a database.

Exit codes: ${exitCodes.fine} no difference; ${exitCodes.problems} a difference; ${exitCodes.usage} problems in specs, or wrong use; ${exitCodes.outside} the outside world failed

Examples:
  specyard diff
  specyard diff v1.4
  specyard diff origin/main...HEAD --output markdown > comment.md`,
    )
    .action(async (revision: string | undefined, other: string | undefined, options: DiffFlags) => {
      const { runDiff } = await import('../commands/diff.ts')
      const revisions = [revision, other].filter((one) => one !== undefined)
      world.exit(await runDiff(world, folder(program, world), revisions, options))
    })
}

export const addDrift: AddCommand = (program, world) => {
  program
    .command('drift')
    .description('where what is published was edited by hand, or is not what this version makes of the specs')
    .addOption(outputOption(['human', 'json']))
    .option('--rev <revision>', 'the specs to hold it against, instead of those that it was published from')
    .addHelpText(
      'after',
      `
Exit codes: ${exitCodes.fine} no drift; ${exitCodes.problems} drift; ${exitCodes.usage} problems in specs, or wrong use; ${exitCodes.outside} the outside world failed

Examples:
  specyard drift
  specyard drift --output json`,
    )
    .action(async (options: DriftFlags) => {
      const { runDrift } = await import('../commands/drift.ts')
      world.exit(await runDrift(world, folder(program, world), options))
    })
}

export const addPolicies: AddCommand = (program, world) => {
  program
    .command('policies')
    .description('the policies of the specs; a pack of them to begin with; the same for the API server')
    .addOption(outputOption(['human', 'json', 'admission']))
    .option('--starter', 'write the starter pack to specs/policies/, where it is yours; what is there stays as it is')
    .option('--environment <name...>', 'with --output admission: these environments alone')
    .addHelpText(
      'after',
      `
--output admission prints a ValidatingAdmissionPolicy and its binding for each policy and environment on Kubernetes, bound to the namespaces of
the environment. What only the compiler can know is left out, and told.

Examples:
  specyard policies --starter
  specyard policies
  specyard policies --output admission --environment prod | kubectl apply -f -`,
    )
    .action(async (options: PoliciesFlags) => {
      const { runPolicies } = await import('../commands/policies.ts')
      world.exit(await runPolicies(world, folder(program, world), options))
    })
}
