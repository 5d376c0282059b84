import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const module = join(import.meta.dirname, '..', '..', 'cli', 'terminal', 'plain-output.ts')
const [first, second] = ['x'.repeat(500_000), 'y'.repeat(500_000)]

/** What a shell says at the end of a pipeline, whose first program writes a megabyte to its standard output. @param before what it does first */
function pipeline(before: string, rest: string): string {
  const script = `import { plainOutput } from ${JSON.stringify(module)}; ${before};
    const failed = (error) => process.exit(error.code === 'EPIPE' ? 0 : 3);
    const own = () => process.stdout.on('error', failed);
    const output = plainOutput(1, own, failed) ?? own();
    output.write('x'.repeat(${first.length})); output.write('y'.repeat(${second.length}))`
  const words = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', script]
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return execFileSync('bash', ['-o', 'pipefail', '-c', `${quoted} | ${rest}`], { encoding: 'utf8' }).trim()
}

// A megabyte is more than a pipe holds: the writer has to wait for its reader.
it.each([
  ['a pipe gets all of it', ''],
  ['a pipe that somebody has told not to wait gets all of it, too', 'process.stdout.write("")'],
])('%s', (_, before) => {
  const digest = createHash('sha256').update(`${first}${second}`).digest('hex')
  expect(pipeline(before, 'sha256sum')).toBe(`${digest}  -`)
})

it('a reader that went away is no failure', () => {
  expect(pipeline('', 'head -c 3')).toBe('xxx')
})
