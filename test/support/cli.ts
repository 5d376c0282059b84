import { Readable, Writable } from 'node:stream'
import { InvalidArgumentError } from 'commander'
import { exitCodes } from '../../cli/exit.ts'
import { createProgram } from '../../cli/program.ts'
import { explainFailure } from '../../cli/terminal/failure.ts'
import { UsageError } from '../../cli/world.ts'
import { bareEnvironment } from './publisher.ts'

export interface Said {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, as `cli/main.ts` does it, in a folder and with nothing but these variables. */
export async function specyard(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const stdout = sink()
  const stderr = sink()
  let exit: number = exitCodes.fine
  const program = createProgram({
    environment: { ...bareEnvironment, HOME: folder, ...variables },
    directory: folder,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => new Date(),
    exit: (code) => {
      exit = code
    },
  })
  try {
    await program.parseAsync(['node', 'specyard', ...args])
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof InvalidArgumentError
    exit = isUsage ? exitCodes.usage : exitCodes.outside
    stderr.stream.write(isUsage ? `${error.message}\n` : explainFailure(error))
  }
  return { exit, stdout: stdout.text(), stderr: stderr.text() }
}

function sink(): { readonly stream: NodeJS.WriteStream; text(): string } {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      chunks.push(chunk)
      done()
    },
  })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => chunks.join('') }
}
