import { spawn } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../support/main-job/built.ts'
import { copyExample, type Example } from '../support/main-job/example.ts'
import { type Running, startProgram } from '../support/main-job/program.ts'

/*
 * The walk of docs/handbook/rollouts.md, word for word: every command that stands there is run, and prints what stands below it. Commits and ports are
 * other ones each time.
 */
interface Command {
  readonly words: string
  /** Empty where the page shows nothing. */
  readonly prints: string
}

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'handbook', 'rollouts.md'), 'utf8')
const commands = [...page.matchAll(/^```console\n([^]*?)^```$/gm)].flatMap(([, block = '']) => commandsOf(block))

function commandsOf(block: string): readonly Command[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => ({ words: text.split('\n')[0] ?? '', prints: text.slice(text.indexOf('\n') + 1) }))
}

/** What is another each time, and the empty line with which an output ends. */
function steady(text: string): string {
  return text
    .replace(/\b[0-9a-f]{40}\b/g, '<commit>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .trimEnd()
}

const program = builtProgram()
let example: Example
let up: Running
beforeAll(() => {
  example = copyExample()
  symlinkSync(dirname(program.words[1] ?? ''), join(example.folder, 'dist'))
})
afterAll(async () => {
  up.kill('SIGTERM')
  await up.ended
  await example.remove()
})

/** Runs a line in a shell of the example's folder, with what earlier lines have set. */
async function shell(words: string, variables: Map<string, string>): Promise<string> {
  const [, name, value] = /^([a-z]+)=(\$\(.*\))$/.exec(words) ?? []
  const child = spawn('sh', ['-c', value === undefined ? words : `printf %s "${value}"`], {
    cwd: example.folder,
    env: { PATH: process.env['PATH'], HOME: example.folder, ...Object.fromEntries(variables) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  await new Promise((resolve) => child.once('close', resolve))
  if (name === undefined) return printed
  variables.set(name, printed)
  return ''
}

/** Whether running it again changes nothing, so that it may be waited for. */
function onlyLooks(words: string): boolean {
  return /rollout handbook$/.test(words)
}

/** Until `up` tells that something has changed, two seconds at most: each look starts the program. */
async function untilMoreIsSaid(heard: number): Promise<void> {
  for (const latest = performance.now() + 2000; up.said().length === heard && performance.now() < latest;)
    await pause(50)
}

describe('the canary of the handbook', () => {
  it('has commands, and what they print', () => {
    expect(commands.length).toBeGreaterThanOrEqual(10)
    expect(commands.filter(({ prints }) => prints !== '').length).toBeGreaterThanOrEqual(7)
  })

  it('goes as it is written: a second version begins, is set, promoted and rolled back', async () => {
    up = startProgram(program, example.folder, ['up', '--port', '0'])
    const variables = new Map<string, string>()
    for (const { words, prints } of commands) {
      const latest = performance.now() + 120_000
      let heard = up.said().length
      let printed = await shell(words, variables)
      while (onlyLooks(words) && steady(printed) !== steady(prints) && performance.now() < latest) {
        await untilMoreIsSaid(heard)
        heard = up.said().length
        printed = await shell(words, variables)
      }
      if (prints !== '') expect(steady(printed), `${words}\n${up.said()}`).toBe(steady(prints))
      else expect(printed, words).not.toContain('error')
    }
  })
})
