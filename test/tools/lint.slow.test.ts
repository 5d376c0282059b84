import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'specyard-lint-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const later = 'declare function later(): Promise<boolean>\n'

/** Sources with one fault each: the file, what is in it, and the rule that is to find it. */
const faults: readonly (readonly [path: string, text: string, rule: string])[] = [
  ['cli/floating.ts', `${later}later()`, 'no-floating-promises'],
  ['cli/finally.ts', `${later}later().finally(() => {})`, 'no-floating-promises'],
  ['cli/asked.ts', `${later}export const answer = later() ? 1 : 2`, 'no-misused-promises'],
  ['cli/spread.ts', `${later}export const all = { ...later() }`, 'no-misused-promises'],
  ['cli/returned.ts', `${later}export const act: () => void = async () => void (await later())`, 'no-misused-promises'],
  [
    'cli/property.ts',
    `${later}export const act: { end(): void } = { end: async () => void (await later()) }`,
    'no-misused-promises',
  ],
  ['cli/awaited.ts', 'export const one = await 1', 'await-thenable'],
  [
    'cli/switched.ts',
    "export function say(one: 'a' | 'b'): void {\n  switch (one) {\n    case 'a':\n      return\n  }\n}",
    'switch-exhaustiveness-check',
  ],
  ['cli/any.ts', 'export const one: any = 1', 'no-explicit-any'],
  ['cli/certain.ts', 'export const one = [1].at(0)!', 'no-non-null-assertion'],
  ['cli/types.ts', "import { Kind } from './kind.ts'\nexport const kind: Kind = 'a'", 'consistent-type-imports'],
  ['cli/thrown.ts', "throw 'a text'", 'only-throw-error'],
  ['cli/printed.ts', 'console.log(1)', 'no-console'],
  ['cli/stopped.ts', 'debugger', 'no-debugger'],
  ['cli/equal.ts', "export const same = (one: unknown) => one == 'a'", 'eqeqeq'],
  ['cli/unused.ts', '// oxlint-disable-next-line eqeqeq\nexport const one = 1', 'Unused oxlint-disable directive'],
]

/** What is not a fault. */
const sound: readonly (readonly [path: string, text: string])[] = [
  ['cli/kind.ts', "export type Kind = 'a'"],
  ['cli/null.ts', 'export const missing = (one: unknown) => one == null'],
  ['cli/listener.ts', `${later}[1].forEach(async () => void (await later()))`],
  ['cli/default.ts', "export function say(one: 'a' | 'b'): void {\n  switch (one) {\n    default:\n  }\n}"],
  ['cli/allowed.ts', '// oxlint-disable-next-line typescript/no-explicit-any\nexport const one: any = 1'],
  ['tools/printed.ts', 'console.log(1)'],
]

interface Told {
  readonly filename: string
  readonly code?: string
  readonly message: string
}
let told: readonly Told[] = []
let status: number | null = null

beforeAll(() => {
  for (const part of ['.oxlintrc.json', 'tsconfig.json']) cpSync(join(root, part), join(folder, part))
  for (const [path, text] of [...faults, ...sound]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `${text}\nexport {}\n`)
  }
  // The program that reads types is looked for here, and so are Node's own types.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const ended = spawnSync(join('node_modules', '.bin', 'oxlint'), ['--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  })
  told = (JSON.parse(ended.stdout) as { readonly diagnostics: readonly Told[] }).diagnostics
  status = ended.status
})

describe('the rules of npm run check', () => {
  it.each(faults)('refuse %s', (path, _, rule) => {
    const ofFile = told.filter(({ filename }) => filename === path)
    expect(ofFile.map(({ code, message }) => `${code ?? ''} ${message}`)).toEqual([expect.stringContaining(rule)])
  })

  it.each(sound)('say nothing of %s', (path) => {
    expect(told.filter(({ filename }) => filename === path)).toEqual([])
  })

  it('end with an error where there is a fault', () => {
    expect(status).toBe(1)
  })
})
