import { commandLine, endUnheard, runProcess } from '../command-line.ts'
import { addCheck, addCompile } from '../groups/specs.ts'
import { plainOutput } from '../terminal/plain-output.ts'
import type { Output } from '../world.ts'

// The commands that `command-word.ts` names, and no others: what is not in here need not be read when one of them starts.

let stdout: Output | undefined
const ownStdout = (): Output => process.stdout.on('error', endUnheard)

void runProcess((world) => commandLine(world, [addCheck, addCompile]), {
  get stdout() {
    return (stdout ??= plainOutput(1, ownStdout, endUnheard) ?? ownStdout())
  },
  get stderr() {
    return process.stderr
  },
})
