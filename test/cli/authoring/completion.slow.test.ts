import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runShell, shellVariables } from '../../support/shell.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-completion-'))
const variables = shellVariables(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What Bash would offer for the last of these words. */
function offered(...words: readonly string[]): readonly string[] {
  const quoted = ['specyard', ...words].map((word) => `'${word}'`)
  const script = `source <(specyard completion bash); COMP_WORDS=(${quoted.join(' ')}); COMP_CWORD=${words.length}; _specyard; printf '%s\\n' "\${COMPREPLY[@]}"`
  return runShell('bash', ['--norc', '--noprofile', '-u'], script, variables)
    .split('\n')
    .filter((line) => line !== '')
}

it.each([
  ['a command', ['reb'], ['rebuild']],
  ['an option', ['check', '--std'], ['--stdin-path']],
  ['the value of a choice', ['check', '--output', '=', 'g'], ['github']],
  ['the name of a spec', ['logs', 'sup'], ['support-sft']],
  ['a path', ['check', 'specs/h'], ['specs/handbook']],
  ['a folder', ['compile', '--to', 'exam'], ['examples']],
  ['nothing', ['status', 'x'], []],
] as const)('Bash completes %s', (_what, words, expected) => {
  expect(offered(...words)).toEqual(expected)
})
