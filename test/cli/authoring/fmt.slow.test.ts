import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createSpecFolder } from '../../support/check.ts'

const folder = createSpecFolder('fmt')
afterAll(() => folder.remove())

const untidy =
  'kind: Model # of letters\napiVersion: specyard.dev/v1\nmetadata: {name: letters,project: language}\nspec:\n    family: a\n'
const tidy =
  'apiVersion: specyard.dev/v1\nkind: Model # of letters\nmetadata: { name: letters, project: language }\nspec:\n  family: a\n'
const read = (path: string): string => readFileSync(join(folder.path, path), 'utf8')

beforeEach(() =>
  folder.write({ 'specs/untidy.yaml': untidy, 'specs/team/tidy.yaml': tidy, 'specs/broken.yaml': 'a: [1\n' }),
)

describe('specyard fmt', () => {
  it('lays out every file that it can read, tells the problem of one that it cannot, and leaves that one alone', async () => {
    const { code, stdout, stderr } = await folder.run(['fmt'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'specs/untidy.yaml\n1 file laid out, 1 file left alone\n' })
    expect(stderr).toContain('specs/broken.yaml:2:1  error  YAML_SYNTAX')
    expect([read('specs/untidy.yaml'), read('specs/team/tidy.yaml'), read('specs/broken.yaml')]).toEqual([
      tidy,
      tidy,
      'a: [1\n',
    ])
  })

  it('with --check changes nothing, and fails where something would change', async () => {
    const { code, stdout } = await folder.run(['fmt', '--check', 'specs/untidy.yaml'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'specs/untidy.yaml\n1 file to lay out: specyard fmt\n' })
    expect(read('specs/untidy.yaml')).toBe(untidy)
    expect(await folder.run(['fmt', '--check', 'specs/team'])).toEqual({
      code: 0,
      stdout: '1 file already laid out\n',
      stderr: '',
    })
  })

  it('with --diff prints what would change, and changes nothing', async () => {
    const { code, stdout } = await folder.run(['fmt', '--diff', 'untidy.yaml'], { in: 'specs' })
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: `--- untidy.yaml
+++ untidy.yaml
@@ -1,5 +1,5 @@
-kind: Model # of letters
 apiVersion: specyard.dev/v1
-metadata: {name: letters,project: language}
+kind: Model # of letters
+metadata: { name: letters, project: language }
 spec:
-    family: a
+  family: a
`,
    })
    expect(read('specs/untidy.yaml')).toBe(untidy)
  })

  it('formats standard input to standard output, and prints nothing where it cannot be read', async () => {
    expect(await folder.run(['fmt', '-'], { input: untidy })).toEqual({ code: 0, stdout: tidy, stderr: '' })
    expect(await folder.run(['fmt', '-', '--check'], { input: tidy })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await folder.run(['fmt', '-', '--check'], { input: untidy })).toEqual({ code: 1, stdout: '', stderr: '' })
    const broken = await folder.run(['fmt', '-'], { input: 'a: [1\n' })
    expect({ ...broken, stderr: '' }).toEqual({ code: 1, stdout: '', stderr: '' })
    expect(broken.stderr).toContain('YAML_SYNTAX')
  })

  it('refuses what is no spec of the repository', async () => {
    const outside = await folder.run(['fmt', 'nowhere.yaml'])
    expect(outside).toMatchObject({ code: 2, stderr: 'error: there is no nowhere.yaml\n' })
    folder.write({ 'elsewhere.yaml': untidy })
    expect(await folder.run(['fmt', 'elsewhere.yaml'])).toMatchObject({
      code: 2,
      stderr: 'error: elsewhere.yaml is no spec of this repository: they stand in specs/\n',
    })
    expect(await folder.run(['fmt', '-', 'specs'])).toMatchObject({ code: 2 })
  })

  it('names the schemas of a folder, or the public ones, above each document', async () => {
    await folder.run(['fmt', '--modeline', 'schemas', 'specs/team'])
    expect(read('specs/team/tidy.yaml')).toBe(
      `# yaml-language-server: $schema=../../schemas/model.schema.json\n${tidy}`,
    )
    expect((await folder.run(['fmt', '-', '--modeline'], { input: tidy })).stdout).toBe(
      `# yaml-language-server: $schema=https://specyard.dev/schemas/v1/draft-07/model.schema.json\n${tidy}`,
    )
  })
})

describe('specyard schema', () => {
  it('prints the schema of a kind however its letters are written, and one of all kinds', async () => {
    const one = JSON.parse((await folder.run(['schema', 'trainingjob'])).stdout) as { title: string; $schema: string }
    expect(one).toMatchObject({ title: 'TrainingJob', $schema: 'https://json-schema.org/draft/2020-12/schema' })
    const all = JSON.parse((await folder.run(['schema'])).stdout) as { title: string; $defs: object }
    expect([all.title, Object.keys(all.$defs)]).toEqual([
      'Specyard',
      expect.arrayContaining(['Environment', 'Settings']),
    ])
  })

  it('of 2020-12 is word for word the one that specs are checked against', async () => {
    const printed = JSON.parse((await folder.run(['schema', 'Model'])).stdout) as unknown
    const file = join(import.meta.dirname, '..', '..', '..', 'schemas', 'model.schema.json')
    expect(printed).toEqual(JSON.parse(readFileSync(file, 'utf8')))
  })

  it('writes one kind or all into a folder, and says which files', async () => {
    expect(await folder.run(['schema', 'Model', '--to', 'one'])).toEqual({
      code: 0,
      stdout: 'one/model.schema.json\n',
      stderr: '',
    })
    const { stdout } = await folder.run(['schema', '--draft', 'draft-07', '--to', 'all'])
    expect(stdout).toContain('all/specyard.schema.json\n')
    expect(JSON.parse(read('all/specyard.schema.json'))).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
    })
  })

  it.each([
    ['a file', 'specyard.yaml'],
    ['a path below a file', 'specyard.yaml/schemas'],
  ])('says which file it cannot write where the folder is %s', async (_what, to) => {
    const { code, stdout, stderr } = await folder.run(['schema', 'Model', '--to', to])
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toContain(`the file ${join(folder.path, to, 'model.schema.json')} cannot be written`)
    expect(stderr).toContain('FILE_FAILED')
    expect(stderr).toContain('hint')
    expect(stderr).not.toContain('defect')
  })

  it('refuses an empty name of a folder', async () => {
    const { code, stderr } = await folder.run(['schema', '--to', ''])
    expect([code, stderr]).toEqual([2, expect.stringContaining('error: --to names no folder')])
  })

  it('refuses a kind that is none, and says which was meant', async () => {
    expect(await folder.run(['schema', 'TrainingJobs'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: there is no kind "TrainingJobs"; did you mean TrainingJob?\n',
    })
    expect(await folder.run(['schema', '--draft', 'draft-05'])).toMatchObject({ code: 2 })
  })
})

describe('a secret', () => {
  const token = `ghp_${'a1B2'.repeat(9)}`
  const variables = ` A: ${token}, DB_PASSWORD: 'zq9zq''one', B: "\\x67hp_${token.slice(4)}", C: &c zq9zqother, API_KEY: *c `
  const spec = (env: string): string =>
    `kind: TrainingJob\napiVersion: specyard.dev/v1\nmetadata: {name: letters,project: language}\nspec:\n    env: {${env}}\n`

  it.each([
    [['fmt', '--diff'], ''],
    [['fmt', '--diff', '-'], spec(variables)],
  ])('is not shown by %j, and its lines are', async (words, input) => {
    folder.write({ 'specs/broken.yaml': tidy, 'specs/untidy.yaml': spec(variables) })
    const { code, stdout, stderr } = await folder.run(words, { input })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).not.toMatch(/zq9zq|a1B2/)
    expect(stdout).toContain('-    env: { A: ***, DB_PASSWORD: ***, B: "***", C: &c ***, API_KEY: *** }')
    expect(stdout).toContain('+  env: { A: ***,')
  })

  it.each([[['fmt']], [['fmt', '--check']], [['fmt', '--diff']]])(
    'in a file that cannot be laid out is told by %j, and not shown',
    async (words) => {
      const twice = 'DB_PASSWORD: zq9zqlongone, DB_PASSWORD: zq9zqother1'
      folder.write({ 'specs/untidy.yaml': tidy, 'specs/broken.yaml': spec(twice) })
      const { code, stdout, stderr } = await folder.run(words)
      expect(code).toBe(1)
      expect(stdout + stderr).not.toContain('zq9zq')
      expect(
        [...stderr.matchAll(/^specs\/broken.yaml:(\S+) {2}error {2}(\S+)/gm)].map(
          ([, place, what]) => `${place} ${what}`,
        ),
      ).toEqual(['5:24 SECRET_LITERAL', '5:38 YAML_DUPLICATE_KEY', '5:51 SECRET_LITERAL'])
    },
  )
})
