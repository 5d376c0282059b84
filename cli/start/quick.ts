import { commandLine, runProcess } from '../command-line.ts'
import { addCheck, addCompile } from '../groups/specs.ts'

// The commands that `command-word.ts` names, and no others: what is not in here need not be read when one of them starts.
void runProcess((world) => commandLine(world, [addCheck, addCompile]))
