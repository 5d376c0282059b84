import type { ProcessEnvironment } from './house/environment.ts'
import type { ExitCode } from './exit.ts'

/** A stream that people or programs read. One that is a terminal is Node's own. */
export interface Output {
  readonly isTTY?: boolean
  /** How wide a terminal is. */
  readonly columns?: number
  write(text: string | Uint8Array): boolean
}

/** The world that commands act in. */
export interface World {
  readonly environment: ProcessEnvironment
  readonly directory: string
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly now: () => Date
  exit(code: ExitCode): void
}

/** Wrong use of the command line: exit 2, with what would be right. */
export class UsageError extends Error {}

/** The options of `specyard up`. */
export interface UpFlags {
  readonly untilSettled?: boolean
  readonly fresh?: boolean
  readonly port?: number
  readonly timeout: number
  readonly output: 'human' | 'json'
}
