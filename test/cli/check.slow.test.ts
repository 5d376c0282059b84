import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSpecFolder, type SpecFolder } from '../support/check.ts'
import { endpoint, sourcesOf, training } from '../support/compiler.ts'

let folder: SpecFolder
const [environments] = sourcesOf([])
const bad = training('letters', '  colour: blue\n')

beforeAll(() => {
  folder = createSpecFolder('check')
})
beforeEach(() => {
  folder.write({
    'specs/environments.yaml': new TextDecoder().decode(environments?.bytes),
    'specs/letters/training.yaml': bad,
    'specs/letters/serving.yaml': endpoint('  nodes: 1\n'),
  })
})
afterAll(() => folder.remove())

/** `place code` of every problem in an output for people. */
const told = (output: string): readonly string[] =>
  [...output.matchAll(/^(\S+:\d+:\d+) {2}error {2}([A-Z_]+) /gm)].map(([, place, code]) => `${place} ${code}`)

describe('paths', () => {
  it.each([
    ['none tell everything', [], '', ['specs/letters/serving.yaml:12:3', 'specs/letters/training.yaml:12:3']],
    ['a file tells its own problems', ['specs/letters/training.yaml'], '', ['specs/letters/training.yaml:12:3']],
    [
      'a folder tells those of all its files, as they are named from where one is',
      ['.'],
      'specs/letters',
      ['serving.yaml:12:3', 'training.yaml:12:3'],
    ],
    ['the root tells everything', ['../..'], 'specs/letters', ['serving.yaml:12:3', 'training.yaml:12:3']],
  ])('%s', async (_sentence, paths, from, expected) => {
    const { code, stdout, stderr } = await folder.run(['check', ...paths], { in: from })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(told(stdout)).toEqual(expected.map((place) => `${place} KEY_UNKNOWN`))
  })

  it.each(['check', 'compile', 'fmt'])(
    'of no folder are no use of %s, though one above holds specs',
    async (command) => {
      for (const words of [
        ['-C', 'team', command],
        [`--directory=specs/letters/training.yaml`, command],
      ]) {
        const { code, stdout, stderr } = await folder.run(words)
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
        expect(stderr).toMatch(/^error: there is no folder \S+\/(team|training\.yaml)\n$/)
      }
    },
  )

  it('without a problem are fine, and it is said that others are not', async () => {
    const { code, stdout } = await folder.run(['check', 'specs/environments.yaml'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '1 file, no problems; 2 problems in files that were not asked about\n',
    })
  })

  it('name an Environment that has a part in a problem of another file', async () => {
    folder.write({ 'specs/letters/training.yaml': training('letters', '  queue: gpu\n') })
    const { code, stdout } = await folder.run(['check', 'specs/environments.yaml'])
    expect(code).toBe(1)
    expect(told(stdout)).toEqual(['specs/letters/training.yaml:12:10 QUEUE_UNKNOWN'])
    expect(stdout).toContain('    specs/environments.yaml:4:1  the queues of the environment')
  })

  it.each([
    ['a path that leads nowhere', ['specs/nothing.yaml'], 'there is no specs/nothing.yaml'],
    ['a folder without specs', ['drafts'], 'holds no specs'],
    ['a file that is no YAML', ['drafts/notes.md'], 'is no spec'],
    ['standard input twice', ['-', '-'], 'standard input can be read once'],
    ['a path of standard input without it', ['--stdin-path', 'specs/a.yaml'], 'which is read where - stands'],
  ])('%s is wrong use', async (_sentence, paths, message) => {
    folder.write({ 'drafts/notes.md': '# Notes\n' })
    const { code, stdout, stderr } = await folder.run(['check', ...paths])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('the settings file, which a hook may name among others, is no spec and no problem', async () => {
    const { code } = await folder.run(['check', 'specyard.yaml', 'specs/environments.yaml'])
    expect(code).toBe(0)
  })

  it('lead through links as they lead elsewhere', async () => {
    const outer = createSpecFolder('links')
    symlinkSync(folder.path, join(outer.path, 'linked'))
    const [whole, one] = await Promise.all([
      folder.run(['--directory', join(outer.path, 'linked'), 'check', '.']),
      folder.run(['--directory', join(outer.path, 'linked'), 'check', 'specs/letters/training.yaml']),
    ])
    expect(told(whole.stdout)).toHaveLength(2)
    expect(told(one.stdout)).toEqual(['specs/letters/training.yaml:12:3 KEY_UNKNOWN'])
    outer.remove()
  })

  it('a draft elsewhere is looked at beside the specs', async () => {
    folder.write({ 'drafts/new.yaml': training('new', '  queue: gpu\n') })
    const { code, stdout } = await folder.run(['check', 'drafts/new.yaml'])
    expect(code).toBe(1)
    expect(told(stdout)).toEqual(['drafts/new.yaml:12:10 QUEUE_UNKNOWN'])
  })
})

describe('standard input', () => {
  it('is looked at beside the specs', async () => {
    const { code, stdout } = await folder.run(['check', '-'], { input: training('new', '  colour: red\n') })
    expect(code).toBe(1)
    expect(told(stdout)).toEqual(['standard-input.yaml:12:3 KEY_UNKNOWN'])
    expect(stdout).toContain('  12 │   colour: red')
  })

  it('takes the place of the file that it is a newer text of', async () => {
    const words = ['check', '-', '--stdin-path', 'training.yaml']
    const { code, stdout } = await folder.run(words, { in: 'specs/letters', input: training() })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '1 file, no problems; 1 problem in files that were not asked about\n',
    })
  })

  it('that is called as a spec is which is there is told how to take its place', async () => {
    folder.write({ 'specs/letters/training.yaml': training() })
    const { code, stdout } = await folder.run(['check', '-'], { in: 'specs/letters', input: training() })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^\S*standard-input\.yaml:3:19 {2}error {2}NAME_TAKEN /)
    expect(stdout).toContain(
      'hint: if it is a newer text of training.yaml, add --stdin-path training.yaml; else rename',
    )
  })

  it('is refused where it is longer than any spec', async () => {
    const { code, stdout } = await folder.run(['check', '-'], { input: '# long\n'.repeat(100_000) })
    expect(code).toBe(1)
    expect(told(stdout)).toEqual(['standard-input.yaml:1:1 FILE_TOO_LARGE'])
  })
})

describe('outputs for services of a forge', () => {
  it('name files from the root of the checkout that the specs are a part of', async () => {
    const outer = createSpecFolder('outer')
    outer.write({
      'team/specyard.yaml': 'apiVersion: specyard.dev/v1\nkind: Settings\n',
      'team/specs/environments.yaml': new TextDecoder().decode(environments?.bytes),
      'team/specs/training.yaml': bad,
    })
    execFileSync('git', ['init', '--quiet'], { cwd: outer.path })
    const outputs = await Promise.all(
      ['github', 'sarif', 'junit', 'json'].map((format) => outer.run(['check', '-o', format], { in: 'team' })),
    )
    expect(outputs.map((one) => [one.code, one.stderr])).toEqual(outputs.map(() => [1, '']))
    const [github, sarif, junit, json] = outputs.map((one) => one.stdout)
    expect(github).toContain('::error file=team/specs/training.yaml,line=12,col=3,')
    expect(sarif).toContain('"uri": "team/specs/training.yaml"')
    expect(junit).toContain('file="team/specs/training.yaml" line="12"')
    expect(json).toContain('"file": "specs/training.yaml"')
    outer.remove()
  })
})

describe('settings that cannot be used', () => {
  const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\n'
  afterEach(() => folder.write({ 'specyard.yaml': settings }))

  const beside = ['specs/letters/serving.yaml:12:3 KEY_UNKNOWN', 'specs/letters/training.yaml:12:3 KEY_UNKNOWN']
  it.each([
    [
      'every one with the nearest key or the values that may be',
      `${settings}deplyo: {}\napi: { port: http }\nreconcile: { graceSeconds: { lost: 0 } }\n`,
      ['3:1 KEY_UNKNOWN', '4:14 TYPE_WRONG', '5:36 VALUE_OUT_OF_RANGE'],
      ['did you mean deploy?', 'write a whole number from 0 to 65535', 'write a number from 1 to 86400'],
    ],
    [
      'what is missing and what is another value',
      'apiVersion: specyard.dev/v2\n',
      ['1:1 KEY_MISSING', '1:13 VALUE_NOT_ALLOWED'],
      ['write Settings', 'write specyard.dev/v1'],
    ],
    ['no YAML', 'a: [\n', ['2:1 YAML_SYNTAX'], ['close the bracket']],
    ['nothing at all', '', ['1:1 TYPE_WRONG'], ['write a mapping of some of: apiVersion, kind']],
  ])('are told beside the problems of specs: %s', async (_title, text, places, hints) => {
    folder.write({ 'specyard.yaml': text })
    const { code, stdout } = await folder.run(['check'])
    expect(code).toBe(1)
    expect(told(stdout)).toEqual([...beside, ...places.map((place) => `specyard.yaml:${place}`)])
    for (const hint of hints) expect(stdout).toContain(`hint: ${hint}`)
    const [github, one] = await Promise.all([
      folder.run(['check', '--output', 'github']),
      folder.run(['check', 'specs/environments.yaml']),
    ])
    expect(github.stdout.match(/^::error file=specyard\.yaml,/gm)).toHaveLength(places.length)
    expect(told(one.stdout)).toEqual(places.map((place) => `specyard.yaml:${place}`))
  })

  it('show their lines, and none with a secret', async () => {
    const secret = 'zq9zqlongone'
    const address = `https://bot:${secret}@git.internal/x.git`
    folder.write({ 'specyard.yaml': `${settings}deploy: { repository: '${address}', brnch: ${secret} }\n` })
    const hidden = await folder.run(['check'])
    expect(told(hidden.stdout).slice(2)).toEqual([
      'specyard.yaml:3:36 SECRET_LITERAL',
      'specyard.yaml:3:70 KEY_UNKNOWN',
    ])
    expect(hidden.stdout).not.toContain(secret)
    folder.write({ 'specyard.yaml': `${settings}deploy: { brnch: main }\n` })
    expect((await folder.run(['check'])).stdout).toContain('  3 │ deploy: { brnch: main }\n    │           ^^^^^\n')
    folder.write({ 'specyard.yaml': `${settings}projects: { language: { patches: 1 } }\n` })
    expect((await folder.run(['check'])).stdout).toContain('  3 │ projects: { language: { patches: 1 } }\n')
  })
})

describe('explain', () => {
  it('prints what the page of codes says about one, in small letters too', async () => {
    const [human, json] = await Promise.all([
      folder.run(['explain', 'key_unknown']),
      folder.run(['explain', 'GIT_OVERTAKEN', '--output', 'json']),
    ])
    expect(human).toMatchObject({ code: 0, stderr: '' })
    expect(human.stdout).toMatch(/^KEY_UNKNOWN {2}\(a problem of specs/)
    expect(human.stdout).toContain('Remedy.')
    expect(human.stdout).toContain('https://specyard.dev/errors#key_unknown')
    expect(JSON.parse(json.stdout)).toMatchObject({ format: 1, code: 'GIT_OVERTAKEN', severity: 'fault' })
  })

  it('names the nearest code where there is no such', async () => {
    const { code, stderr } = await folder.run(['explain', 'KEY_UNKOWN'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: there is no code KEY_UNKOWN; did you mean KEY_UNKNOWN?\n',
    })
  })
})
