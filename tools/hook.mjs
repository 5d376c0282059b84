#!/usr/bin/env node
// Runs Specyard out of the clone that pre-commit keeps of this repository; installed and built there when it is first used.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** @param {string[]} words @param {import('node:child_process').StdioOptions} stdio */
function run(words, stdio) {
  const { status } = spawnSync(process.execPath, words, { stdio })
  if (status !== 0) process.exit(status ?? 3)
}

run([join(root, 'tools', 'prepare.mjs'), '--build'], ['ignore', 2, 2])
run([join(root, 'dist', 'specyard.js'), ...process.argv.slice(2)], 'inherit')
