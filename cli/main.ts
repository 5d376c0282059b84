#!/usr/bin/env node
import { InvalidArgumentError } from 'commander'
import { exitCodes } from './exit.ts'
import { explainFailure } from './terminal/failure.ts'
import { createProgram } from './program.ts'
import { UsageError } from './world.ts'

// A reader that went away (`specyard logs … | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.fine : exitCodes.outside),
)

const program = createProgram({
  environment: process.env,
  directory: process.cwd(),
  // Asked for alone where a command reads it: opening it keeps a process waiting.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => new Date(),
  exit: (code) => {
    process.exitCode = code
  },
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof UsageError || error instanceof InvalidArgumentError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = exitCodes.usage
  } else {
    process.stderr.write(explainFailure(error))
    process.exitCode = exitCodes.outside
  }
}
