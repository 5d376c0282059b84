import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createProgram } from '../../cli/program.ts'
import type { World } from '../../cli/world.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'handbook', 'command-line.md'), 'utf8')
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as NodeJS.WriteStream
const world = {
  environment: {},
  directory: '/',
  stdin: [],
  stdout: nowhere,
  stderr: nowhere,
  now: () => new Date(0),
  exit: () => undefined,
}
const program = createProgram(world as unknown as World)
const commands = program
  .createHelp()
  .visibleCommands(program)
  .filter((one) => one.name() !== 'help')

it('every command has its line in docs/handbook/command-line.md, and every line its command', () => {
  const [, section = ''] = /^## Commands\n([^]*?)^## /m.exec(page) ?? []
  const listed = [...section.matchAll(/^\| `([a-z]+)[^`]*` \|/gm)].map((match) => match[1])
  expect([...new Set(listed)].sort()).toEqual(commands.map((one) => one.name()).sort())
})

it.each(commands.map((one) => [one.name(), one] as const))('%s --help has examples', (_name, command) => {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  expect(help).toMatch(/\nExamples?:\n {2}\S/)
})

it('a comparison that a page of docs writes into a file does not end a shell that stops at a failure', () => {
  const folder = join(import.meta.dirname, '..', '..', 'docs')
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md'))
  const lines = pages.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  const comparisons = lines.filter((line) => /specyard diff .* > \S+/.test(line))
  expect(comparisons.length).toBeGreaterThan(1)
  for (const line of comparisons) expect(line).toMatch(/ > \S+ \|\| \[ \$\? -le 2 \]$/)
})
