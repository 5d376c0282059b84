import type { AddCommand } from '../command.ts'
import { commandLine, endUnheard, runProcess } from '../command-line.ts'
import type { ExitCode } from '../exit.ts'
import { plainOutput } from '../terminal/plain-output.ts'
import type { Output, World } from '../world.ts'
import { type PlainLine, plainLine } from './plain-line.ts'

/**
 * Runs the one command that a file of the built program holds: what is not in there need not be read when it starts.
 * @param add describes it to the library for command lines
 * @param runPlain does what the library would have done of a plain line
 */
export function startQuickly(add: AddCommand, runPlain: (world: World, line: PlainLine) => Promise<ExitCode>): void {
  let stdout: Output | undefined
  /** Whether Node may have something left to write when the command has come to its end. */
  let isStreaming = false
  const ownStdout = (): Output => {
    isStreaming = true
    return process.stdout.on('error', endUnheard)
  }
  const line = plainLine(process.argv.slice(2))

  // Nothing is left to be done or written by then: to take the heap apart, as a process does that comes to its end, is work for nobody.
  process.once('beforeExit', () => process.exit())
  void runProcess(
    async (world) => {
      if (line) world.exit(await runPlain(world, line))
      else await commandLine(world, [add]).parseAsync(process.argv)
    },
    {
      get stdout() {
        return (stdout ??= plainOutput(1, ownStdout, endUnheard) ?? ownStdout())
      },
      get stderr() {
        isStreaming = true
        return process.stderr
      },
    },
  ).then(() => {
    // Before a process comes to its end by itself, V8 collects garbage, which takes a millisecond and is of no use to anybody.
    if (!isStreaming) process.exit()
  })
}
