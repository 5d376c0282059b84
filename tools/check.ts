import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/*
 * npm run check: everything that tells whether the sources are good and needs no server. What is generated is looked at first, since all else reads it;
 * the rest goes side by side, and each part's output is printed whole, that of the tests last.
 */

const rooms = 'domain compiler publisher records reconciler local api cli migrations tools test'
const generated = 'tsx tools/generate.ts --check'
const parts = [
  // The native compiler; the bin `tsc` is the library that dependency-cruiser reads sources with.
  'node node_modules/typescript7/bin/tsc -p .',
  'prettier --check --log-level warn --cache --cache-strategy content .',
  'oxlint',
  `depcruise --config .dependency-cruiser.cjs ${rooms}`,
  'vitest run --project fast',
]

interface Ended {
  readonly command: string
  readonly code: number
  readonly said: string
}

/** Runs one command of node_modules/.bin, which npm puts on the PATH. */
async function run(command: string): Promise<Ended> {
  const [program = '', ...words] = command.split(' ')
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...colour } })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const [code, out, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { command, code, said: `${out}${errors}` }
}

function tell({ command, code, said }: Ended): boolean {
  process.stdout.write(`${said}${code === 0 ? '' : `\n${command} ended with ${code}\n`}`)
  return code === 0
}

async function main(): Promise<number> {
  if (!tell(await run(generated))) return 1
  const running = parts.map(run)
  const good: boolean[] = []
  for (const one of running) good.push(tell(await one))
  return good.every(Boolean) ? 0 : 1
}

process.exitCode = await main()
