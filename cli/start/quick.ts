import { commandLine, endUnheard, runProcess } from '../command-line.ts'
import { addCheck, addCompile } from '../groups/specs.ts'
import { plainOutput } from '../terminal/plain-output.ts'
import type { Output, World } from '../world.ts'
import { type PlainLine, plainLine } from './plain-line.ts'

// The commands that `command-word.ts` names, and no others: what is not in here need not be read when one of them starts.

let stdout: Output | undefined
const ownStdout = (): Output => process.stdout.on('error', endUnheard)
const line = plainLine(process.argv.slice(2))

// Nothing is left to be done or written by then: to take the heap apart, as a process does that comes to its end, is work for nobody.
process.once('beforeExit', () => process.exit())
void runProcess(
  (world) => (line ? runPlain(world, line) : commandLine(world, [addCheck, addCompile]).parseAsync(process.argv)),
  {
    get stdout() {
      return (stdout ??= plainOutput(1, ownStdout, endUnheard) ?? ownStdout())
    },
    get stderr() {
      return process.stderr
    },
  },
)

/** Does what the library would have done. */
async function runPlain(world: World, { command, directory = world.directory, to, cache }: PlainLine): Promise<void> {
  switch (command) {
    case 'check': {
      const { runCheck } = await import('../commands/check.ts')
      return world.exit(await runCheck(world, directory, [], { output: 'human', cache }))
    }
    case 'compile': {
      const { runCompile } = await import('../commands/compile.ts')
      return world.exit(await runCompile(world, directory, { cache, ...(to === undefined ? {} : { to }) }))
    }
  }
}
