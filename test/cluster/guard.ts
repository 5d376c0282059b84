import { tearDown } from './teardown.ts'

/*
 * Takes a bed down when its owner ends, however it ends: guard.ts <folder of the bed>
 * The owner holds the other end of standard input and writes nothing; when it is gone, or closes it, that is the sign.
 */

const folder = process.argv[2] ?? ''
// Ctrl-C goes to everybody at the terminal; this process has to stay for its work.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.stdin.resume()
process.stdin.once('close', () => {
  tearDown(folder).catch((error: unknown) => {
    process.stderr.write(`the test bed in ${folder} could not be taken down: ${String(error)}\n`)
    process.exitCode = 1
  })
})
