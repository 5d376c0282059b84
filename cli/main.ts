#!/usr/bin/env node
import { runProcess } from './command-line.ts'
import { createProgram } from './program.ts'

await runProcess(createProgram)
