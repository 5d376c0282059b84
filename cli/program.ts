import { Command, type CommanderError } from 'commander'
import { packageVersion } from './house/assets.ts'
import { exitCodes } from './exit.ts'
import type { AddCommand } from './command.ts'
import { addComment, addFmt, addInit, addSchema } from './groups/authoring.ts'
import { addCompletion } from './groups/completion.ts'
import { addAttach, addDeploy, addPromote, addRegister } from './groups/models.ts'
import { addDiff, addDrift, addExplain, addPolicies } from './groups/questions.ts'
import { addLogs, addRequests, addStatus, addTrace, addUp } from './groups/running.ts'
import { addMigrate, addObserve, addRebuild, addReconcile, addServe } from './groups/services.ts'
import { addRollback, addRollout } from './groups/serving.ts'
import { addBootstrap, addCheck, addCompile, addPublish } from './groups/specs.ts'
import { UsageError, type World } from './world.ts'

/** The command line. Each command loads its own parts when it runs, so that none waits for what it does not use. */
export function createProgram(world: World): Command {
  const program = new Command('specyard')
    .description('Compiles training and serving specs into what Argo CD syncs, and records what then happens.')
    .version(packageVersion(), '--version', 'print the version')
    .option('-C, --directory <path>', 'the spec repository, instead of the folder you are in')
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
    })
    .exitOverride((error: CommanderError) => {
      if (error.exitCode === 0) return
      throw new UsageError('')
    })
    .showHelpAfterError('(specyard <command> --help says how)')
    .addHelpText(
      'after',
      `
Exit codes: ${exitCodes.fine} fine; ${exitCodes.problems} problems in specs, or a run that failed; ${exitCodes.usage} wrong use; ${exitCodes.outside} the outside world failed or a time limit passed

Examples:
  specyard init specs             make a spec repository to begin with
  specyard up                     run the specs of this folder on this machine, and watch them
  specyard check                  find every problem of the specs
  specyard trace <anything>       where a run, pod, commit, model version or endpoint comes from and what came of it`,
    )
  for (const add of commands) add(program, world)
  return program
}

const commands: readonly AddCommand[] = [
  addInit,
  addUp,
  addCheck,
  addFmt,
  addSchema,
  addExplain,
  addCompile,
  addDiff,
  addComment,
  addDrift,
  addPolicies,
  addPublish,
  addBootstrap,
  addStatus,
  addLogs,
  addTrace,
  addObserve,
  addRequests,
  addRollout,
  addRollback,
  addRegister,
  addAttach,
  addDeploy,
  addPromote,
  addReconcile,
  addServe,
  addMigrate,
  addRebuild,
  addCompletion,
]
