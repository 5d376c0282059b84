import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSpecFolder, type SpecFolder } from '../support/check.ts'
import { sourcesOf, training } from '../support/compiler.ts'

let folder: SpecFolder
const [environments] = sourcesOf([])
const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\n'
const gpus = (more: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: gpus }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } }
${more}`
const group = `  patches:
    - path: templates/group.yaml
`

beforeAll(() => {
  folder = createSpecFolder('templates')
})
beforeEach(() => {
  folder.write({
    'specyard.yaml': settings,
    'specs/environments.yaml': new TextDecoder().decode(environments?.bytes),
    'specs/gpus.yaml': gpus(group),
    'specs/training.yaml': training().replace('environment: dev', 'environment: gpus'),
    'templates/group.yaml': 'spec: { template: { spec: { schedulingGroup: { podGroupName: training } } } }\n',
  })
})
afterAll(() => folder.remove())

describe('--kube-version', () => {
  it.each([
    ['the newest unless it is told', ['check'], 0],
    ['an older one refuses what it does not know', ['check', '--kube-version', '1.34'], 1],
    ['of a patch release is that of its minor version', ['check', '--kube-version', 'v1.36.1'], 0],
    ['is told to compile', ['compile', '--kube-version', '1.34'], 1],
    ['is told to diff', ['diff', '--offline', '--kube-version', '1.34'], 2],
    ['is told to publish', ['publish', '--kube-version', '1.34'], 1],
    ['that is not here is wrong use', ['check', '--kube-version', '1.20'], 2],
  ])('%s', async (_title, words, code) => {
    const ran = await folder.run(words)
    expect({ code: ran.code, words }).toEqual({ code, words })
    if (code === 1) expect(ran.stdout + ran.stderr).toContain('templates/group.yaml:1:')
    if (words.includes('1.20')) expect(ran.stderr).toContain('use one of: 1.34, 1.35, 1.36')
  })
})

it('a problem of a template or patch is told with its line, and as JSON', async () => {
  folder.write({ 'templates/group.yaml': 'spec:\n  backoffLimit: 6\n' })
  const human = await folder.run(['check'])
  expect(human.code).toBe(1)
  expect(human.stdout).toContain(
    'templates/group.yaml:2:17  error  MANIFEST_PROMISE  Job /spec/backoffLimit is changed',
  )
  expect(human.stdout).toContain('2 │   backoffLimit: 6')
  const { problems } = JSON.parse((await folder.run(['check', '--output', 'json'])).stdout) as {
    problems: readonly { code: string }[]
  }
  expect(problems.map(({ code }) => code)).toEqual(['MANIFEST_PROMISE'])
})

it('a file under templates/ can be asked about by its path', async () => {
  folder.write({ 'templates/group.yaml': 'spec:\n  backoffLimit: 6\n' })
  expect((await folder.run(['check', 'templates/group.yaml'])).code).toBe(1)
  expect((await folder.run(['check', 'specs/environments.yaml'])).code).toBe(0)
})

it('patches of a project stand in specyard.yaml, and a mistake in their shape is told there', async () => {
  const project = (operation: string): string =>
    `${settings}projects:\n  language:\n    patches:\n      - patch:\n          - ${operation}\n`
  folder.write({ 'specyard.yaml': project('{ op: remove, path: /spec/nothing }') })
  const failed = await folder.run(['check'])
  expect(failed.stdout).toContain('specyard.yaml:7:13  error  PATCH_FAILED')
  folder.write({ 'specyard.yaml': `${settings}projects: { language: { patchs: [] } }\n` })
  const invalid = await folder.run(['check', 'specyard.yaml'])
  expect(invalid.code).toBe(1)
  expect(invalid.stdout).toContain('specyard.yaml:3:25  error  KEY_UNKNOWN  the key "patchs" is not known here')
  expect(invalid.stdout).toContain('hint: did you mean patches?')
})

it('explain names the line of the patch for the lines of the manifest that it made', async () => {
  const { stdout, code } = await folder.run(['explain', 'letters', '--rendered'])
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^ +podGroupName: "training" +# shaping\.patches\.0\.merge\.\S+: templates\/group\.yaml:1:\d+ patch$/m,
  )
  expect(stdout).toMatch(/^ +image: "example\/trainer:1" +# image: specs\/training\.yaml:\d+:\d+ spec$/m)
})

it('explain tells a patch that makes nothing, instead of failing', async () => {
  folder.write({ 'templates/group.yaml': '- { op: remove, path: /spec/nothing }\n' })
  const { stdout, code } = await folder.run(['explain', 'letters'])
  expect(code).toBe(1)
  expect(stdout).toContain('templates/group.yaml:1:3  error  PATCH_FAILED')
})
