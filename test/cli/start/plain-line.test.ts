import { Command } from 'commander'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addCheck, addCompile } from '../../../cli/groups/specs.ts'
import { type PlainLine, plainLine } from '../../../cli/start/plain-line.ts'
import type { World } from '../../../cli/world.ts'

/** What the library makes of a command line; undefined for one that it refuses, or of which it would do something else. */
async function byLibrary(words: readonly string[]): Promise<unknown> {
  const quiet = { writeOut: () => undefined, writeErr: () => undefined }
  const program = new Command('specyard').option('-C, --directory <path>').exitOverride().configureOutput(quiet)
  for (const add of [addCheck, addCompile]) add(program, {} as World)
  let seen: unknown
  for (const command of program.commands) {
    command.exitOverride().configureOutput(quiet)
    command.action((...given: readonly unknown[]) => {
      const { output, cache, to, ...rest } = command.opts<Record<string, unknown>>()
      const others = [
        ...command.args,
        ...Object.values(rest),
        ...(output === undefined || output === 'human' ? [] : [output]),
      ]
      if (given.length > 0 && others.length === 0)
        seen = { command: command.name(), directory: program.opts()['directory'], to, cache }
    })
  }
  await program.parseAsync([...words], { from: 'user' }).catch(() => undefined)
  return seen
}

it.each<[string, PlainLine | undefined]>([
  ['check', { command: 'check', directory: undefined, to: undefined, cache: true }],
  ['-C folder check', { command: 'check', directory: 'folder', to: undefined, cache: true }],
  ['--directory folder check --no-cache', { command: 'check', directory: 'folder', to: undefined, cache: false }],
  ['compile --to tree', { command: 'compile', directory: undefined, to: 'tree', cache: true }],
  ['compile --no-cache --to tree', { command: 'compile', directory: undefined, to: 'tree', cache: false }],
  ['check specs/one.yaml', undefined],
  ['check --output json', undefined],
  ['check --to tree', undefined],
  ['compile --to', undefined],
  ['-C --no-cache check', undefined],
  ['', undefined],
])('specyard %s', async (line, expected) => {
  const words = line.split(' ').filter((word) => word !== '')
  expect(plainLine(words)).toEqual(expected)
  if (expected) expect(await byLibrary(words)).toEqual(expected)
})

it('what is taken for plain is what the library makes of it', async () => {
  const word = fc.constantFrom(
    ...[
      'check',
      'compile',
      '-C',
      '--directory',
      'folder',
      '--to',
      'tree',
      '--no-cache',
      '--cache',
      '--',
      '-',
      '',
      '-x',
    ],
    ...['--output', 'human', '--rev', '--kube-version', '1.34', '--help', 'help', '--directory=folder', '--to=tree'],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
      const plain = plainLine(words)
      if (plain) expect(await byLibrary(words)).toEqual(plain)
    }),
    { numRuns: 3_000 },
  )
})
