#!/usr/bin/env node
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { quickCommand } from './command-word.ts'
import { type BuiltFiles, runQuick } from './run-quick.ts'

/*
 * The first file of the program. What people, editors and hooks ask for again and again starts from one file, with the code that the machine
 * made of it when it last ran; everything else is the whole program, in parts that are loaded as they are used. A module of Node that is not in
 * memory at its start costs up to four milliseconds, so that nothing is imported here that is.
 */

/** What the build made, by names that hold the digests of what is in them. */
declare const builtFiles: BuiltFiles

const command = quickCommand(process.argv.slice(2))
if (command === undefined) void import(pathToFileURL(join(import.meta.dirname, builtFiles.whole)).href)
else runQuick(import.meta.dirname, builtFiles.quick[command], require)
