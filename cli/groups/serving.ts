import { Argument } from 'commander'
import { rolloutSteps, type RolloutStep } from '../../domain/operation.ts'
import { integer } from '../arguments.ts'
import { type AddCommand, folder, outputOption } from '../command.ts'
import type { RolloutOutput } from '../commands/rollout.ts'

// The commands that move what serves from one release to another.

const endpointText = '<endpoint> is a name, project/name or environment/project/name.'

export const addRollout: AddCommand = (program, world) => {
  program
    .command('rollout')
    .argument('<endpoint>', 'its name, project/name or environment/project/name')
    .addArgument(new Argument('[step]', 'what to do').choices(['status', ...rolloutSteps]).default('status'))
    .argument('[share]', 'per cent of the requests that the candidate gets', integer)
    .description('look at what an endpoint serves and what stands beside it, or move that by one step: one commit')
    .addOption(outputOption(['human', 'json', 'yaml']))
    .addHelpText(
      'after',
      `
${endpointText}

  status    what is stable, what stands beside it, and who gets how many of the requests
  set 25    give the candidate 25 % of the requests
  pause     leave everything where it is: neither specs nor steps move it
  resume    end a pause, or lift the hold of a rollback or an abort; what was held back is taken up
  promote   make the candidate the stable release
  abort     take the candidate away

No step compiles a spec: a broken one blocks none of them.

Examples:
  specyard rollout handbook
  specyard rollout handbook set 25
  specyard rollout prod/language/handbook promote --output json`,
    )
    .action(
      async (
        endpoint: string,
        step: 'status' | RolloutStep,
        share: number | undefined,
        { output }: { output: RolloutOutput },
      ) => {
        const { askedStep, runRollout } = await import('../commands/rollout.ts')
        world.exit(await runRollout(world, folder(program, world), endpoint, askedStep(step, share), output))
      },
    )
}

export const addRollback: AddCommand = (program, world) => {
  program
    .command('rollback <endpoint>')
    .description('go back to the newest release that worked and differs from the current one, and hold it there')
    .addOption(outputOption(['human', 'json', 'yaml']))
    .addHelpText(
      'after',
      `
${endpointText} It is one commit, made of what the ledger keeps: no spec is compiled. The endpoint then stays as it is, whatever
its spec says, until a person lifts the hold with: specyard rollout <endpoint> resume

Examples:
  specyard rollback handbook
  specyard rollback prod/language/handbook --output json`,
    )
    .action(async (endpoint: string, { output }: { output: RolloutOutput }) => {
      const { runRollout } = await import('../commands/rollout.ts')
      world.exit(await runRollout(world, folder(program, world), endpoint, { step: 'rollback' }, output))
    })
}
