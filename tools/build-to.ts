import { buildInto } from './build-into.ts'

// Builds the program into the folder that is named: for tests, which must not be disturbed by somebody else's build.
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('which folder? tsx tools/build-to.ts <folder>')
await buildInto(folder)
