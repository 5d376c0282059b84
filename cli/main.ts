#!/usr/bin/env node
import { endUnheard, runProcess } from './command-line.ts'
import { createProgram } from './program.ts'

process.stdout.on('error', endUnheard)
await runProcess((world) => createProgram(world).parseAsync(process.argv))
