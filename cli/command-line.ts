import { Command, type CommanderError, InvalidArgumentError } from 'commander'
import type { AddCommand } from './command.ts'
import { exitCodes } from './exit.ts'
import { packageVersion } from './house/assets.ts'
import { explainFailure } from './terminal/failure.ts'
import { type Output, UsageError, type World } from './world.ts'

/** The command line with some commands, or with all of them. */
export function commandLine(world: World, commands: readonly AddCommand[]): Command {
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

/** Where the output of this process goes. */
export interface Outputs {
  readonly stdout: Output
  readonly stderr: Output
}

/** Runs what the command line of this process says, in the world of this process, to its exit code. */
export async function runProcess(run: (world: World) => Promise<unknown>, outputs: Outputs = process): Promise<void> {
  const world: World = {
    environment: process.env,
    directory: process.cwd(),
    // Asked for alone where a command reads or writes it: opening it takes time, and standard input keeps a process waiting.
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return outputs.stdout
    },
    get stderr() {
      return outputs.stderr
    },
    now: () => new Date(),
    exit: (code) => {
      process.exitCode = code
    },
  }
  try {
    await run(world)
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof InvalidArgumentError
    outputs.stderr.write(isUsage ? `${error.message}\n` : explainFailure(error))
    process.exitCode = isUsage ? exitCodes.usage : exitCodes.outside
  }
}

/** Ends the process when nobody can be told any more. A reader that went away (`specyard logs … | head`) is no failure of ours. */
export function endUnheard(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? exitCodes.fine : exitCodes.outside)
}
