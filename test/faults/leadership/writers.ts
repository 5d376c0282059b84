import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Said, WriterOptions } from './writer.ts'

const program = fileURLToPath(new URL('./writer.ts', import.meta.url))

/** A writer in a process of its own, and what is known of it. */
export interface Writer {
  readonly identity: string
  /** The token of its term; undefined while it waits. */
  term(): number | undefined
  /** Tokens of the terms in which something was written. */
  readonly written: ReadonlySet<number>
  /** What became of the writes that it tried after its first refusal, by token. */
  readonly refused: ReadonlyMap<number, { readonly tries: number; readonly refusals: number }>
  /** Codes of faults but the fence's, with how often. */
  readonly failures: ReadonlyMap<string, number>
  hasEnded(): boolean
  said(): string
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

export function startWriter(options: WriterOptions): Writer {
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = new Set<number>()
  const refused = new Map<number, { readonly tries: number; readonly refusals: number }>()
  const failures = new Map<string, number>()
  let term: number | undefined
  let last = ''
  const hear = (said: Said): void => {
    if (said.event === 'leads') term = said.token
    else if (said.event === 'wrote') written.add(said.token)
    else if (said.event === 'over') term = undefined
    else if (said.event === 'refused') refused.set(said.token, said)
    else if (said.event === 'failed') failures.set(said.code, (failures.get(said.code) ?? 0) + 1)
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line
    hear(JSON.parse(line) as Said)
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)))
  return {
    identity: options.identity,
    ...{ written, refused, failures },
    term: () => term,
    hasEnded: () => isOver(child),
    said: () => `${options.identity} said last: ${last}; ${errors}`,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      if (isOver(child)) return
      const ended = once(child, 'exit')
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
