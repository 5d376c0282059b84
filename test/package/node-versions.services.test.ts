import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../domain/canonical.ts'
import { endLeftovers } from '../../local/leftovers.ts'
import { buildProgram, endOf, type Program, startProgram } from '../support/main-job/program.ts'
import { writeManySpecs } from '../support/many-specs.ts'

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-node-'))
const specs = join(folder, 'specs')
let program: Program

beforeAll(() => {
  program = buildProgram(folder)
  writeManySpecs(specs)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function nodeOf(line: number): string {
  const node = process.env[`NODE_${line}`]
  if (!node)
    throw new Error(`NODE_${line} is not set; run: export NODE_${line}="$(npx tsx tools/install-node.ts ${line})"`)
  return node
}

/** Everything that is compiled, as one text's digest and length. */
function compiledBy(node: string): string {
  const [, ...words] = program.words
  const env = { PATH: process.env['PATH'], HOME: folder }
  const options = { encoding: 'utf8', env, maxBuffer: 1024 ** 3, timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(node, [...words, '--directory', specs, 'compile', '--no-cache'], options)
  expect({ status, stderr }).toMatchObject({ status: 0 })
  return `${sha256(stdout)} ${stdout.length}`
}

describe.each([22, 24, 26])('under Node %i', (line) => {
  it('the same specs give the same bytes as under the Node that is here', () => {
    const node = nodeOf(line)
    expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(new RegExp(`^v${line}\\.`))
    expect(compiledBy(node)).toBe(compiledBy(process.execPath))
  })

  it('a repository that `init` makes trains and serves, and nothing is said to be deprecated', async () => {
    const node = nodeOf(line)
    const repository = join(folder, `repository-${line}`)
    const environment = {
      // What it starts finds this Node, too.
      PATH: `${dirname(node)}:${process.env['PATH']}`,
      ...{ GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.com' },
      ...{ GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com' },
    }
    const other: Program = { ...program, words: [node, ...program.words.slice(1)] }
    const made = await endOf(startProgram(other, folder, ['init', repository], { environment }), 60)
    expect(made).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Warning') })
    for (const words of [
      ['init', '-q'],
      ['add', '-A'],
      ['commit', '-q', '-m', 'first'],
    ])
      expect(spawnSync('git', words, { cwd: repository, env: { ...environment, HOME: folder } }).status).toBe(0)
    try {
      const up = startProgram(other, repository, ['up', '--until-settled', '--port', '0'], { environment })
      const ended = await endOf(up, 240)
      expect(ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Warning') })
      expect(ended.stdout + ended.stderr).toMatch(/\/hello\s+SUCCEEDED/)
      expect(ended.stdout + ended.stderr).toMatch(/\/hello\s+healthy/)
    } finally {
      await endLeftovers(join(repository, '.specyard', 'local'))
    }
  })
})
