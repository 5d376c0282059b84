import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { imageDigests } from '../../local/kubelet/image-digest.ts'
import { tailOf } from '../../local/kubelet/log-tail.ts'
import { expand, resolveVariables, type VariableSources } from '../../local/kubelet/variables.ts'
import { folderWithin, makeWorkingFolder, mount } from '../../local/kubelet/working-folder.ts'

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'specyard-container-')))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
function newFolder(): string {
  folders += 1
  mkdirSync(join(scratch, String(folders)))
  return join(scratch, String(folders))
}

describe('the variables of a container', () => {
  const known = new Map([
    ['A', '1'],
    ['EMPTY', ''],
  ])
  it.each([
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$(EMPTY)', ''],
    ['$(NOBODY)', '$(NOBODY)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A $ {A} $', '$A $ {A} $'],
    ['$(A', '$(A'],
  ])('%s becomes %s', (text, expanded) => {
    expect(expand(text, known)).toBe(expanded)
  })

  const sources: VariableSources = {
    given: { HOME: '/home', BACKEND_BASE_URL: 'given' },
    forced: { PORT: '4711' },
    namespace: 'ml',
    podName: 'train-1',
    podUid: 'uid',
    labels: { a: 'b' },
    secret: (name) =>
      name === 'keys' ? { format: 1, name, namespace: 'ml', data: { key: 'value' }, lease: null } : undefined,
  }
  const secret = (name: string, key: string, optional = false) => ({
    name: 'X',
    valueFrom: { secretKeyRef: { name, key, optional } },
  })
  const field = (fieldPath: string) => ({ name: 'X', valueFrom: { fieldRef: { fieldPath } } })
  it.each([
    [
      'a literal of the manifest wins over what is given',
      { name: 'BACKEND_BASE_URL', value: 'own' },
      { BACKEND_BASE_URL: 'own' },
    ],
    ['what is forced wins over the manifest', { name: 'PORT', value: '8080' }, { PORT: '4711' }],
    ['a variable without a value is empty', { name: 'X' }, { X: '' }],
    ['a key of a Secret', secret('keys', 'key'), { X: 'value' }],
    ['a label', field("metadata.labels['a']"), { X: 'b' }],
    ['a label that is not there is empty', field("metadata.labels['z']"), { X: '' }],
    ['the namespace', field('metadata.namespace'), { X: 'ml' }],
    ['the UID', field('metadata.uid'), { X: 'uid' }],
  ])('%s', (_what, variable, expected) => {
    expect(resolveVariables([variable], sources)).toMatchObject({ environment: expected })
  })
  it.each([
    ['an optional Secret that is missing leaves the variable out', secret('absent', 'key', true), undefined],
    ['a missing Secret is named', secret('absent', 'key'), 'secret "absent" not found'],
    ['a missing key is named', secret('keys', 'absent'), "couldn't find key absent in Secret ml/keys"],
    [
      'a field that nobody knows is named',
      field('spec.nodeName.x'),
      'variable X: field spec.nodeName.x is not known here',
    ],
  ])('%s', (_what, variable, missing) => {
    const resolved = resolveVariables([variable], sources)
    expect('missing' in resolved ? resolved.missing : 'X' in resolved.environment || undefined).toBe(missing)
  })
})

describe('the working folder', () => {
  it('a mount beside the files of an image leaves the image as it is', () => {
    const [image, folder, target] = [newFolder(), join(newFolder(), 'work'), newFolder()]
    mkdirSync(join(image, 'a', 'b'), { recursive: true })
    writeFileSync(join(image, 'a', 'b', 'file'), 'of the image')
    makeWorkingFolder(folder, image)
    mount(folder, '/a/b/volume/', target)
    mount(folder, 'a/b/file', target)
    expect(readFileSync(join(image, 'a', 'b', 'file'), 'utf8')).toBe('of the image')
    expect([readlinkSync(join(folder, 'a/b/volume')), readlinkSync(join(folder, 'a/b/file'))]).toEqual([target, target])
  })

  it.each(['.', '/', '../x', 'a/../../x'])('a mount at %s is refused', (path) => {
    expect(() => mount(newFolder(), path, '/')).toThrow('is not below the working folder')
  })

  it('a path that leads out of the repository is refused, also through a link and where it does not exist yet', () => {
    const root = newFolder()
    symlinkSync(newFolder(), join(root, 'out'))
    mkdirSync(join(root, 'in'))
    for (const path of ['..', '/etc', 'out', 'out/new/deep', 'in/../../x']) {
      expect(() => folderWithin(root, path, 'volume'), path).toThrow('leads out of the spec repository')
    }
    expect([folderWithin(root, 'in', ''), folderWithin(root, 'new/deep', ''), folderWithin(root, '.', '')]).toEqual([
      join(root, 'in'),
      join(root, 'new/deep'),
      root,
    ])
  })
})

describe('an image digest', () => {
  it('changes with a name or a byte, and with nothing else', async () => {
    const [image, same, digestOf] = [newFolder(), newFolder(), imageDigests()]
    for (const folder of [image, same]) writeFileSync(join(folder, 'train.py'), 'print(1)')
    const first = await digestOf(image)
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await digestOf(same)).toBe(first)
    writeFileSync(join(image, 'train.py'), 'print(22)')
    const second = await digestOf(image)
    writeFileSync(join(image, 'other.py'), '')
    expect(new Set([first, second, await digestOf(image)]).size).toBe(3)
  })
})

describe('the tail of a log', () => {
  it.each([
    ['', 3, []],
    ['one', 3, ['one']],
    ['one\ntwo\n', 3, ['one', 'two']],
    ['one\ntwo\nthree\n', 2, ['two', 'three']],
    ['0123456789abcdefghij\nlast\n', 5, ['last']],
    [`${'x'.repeat(30)}`, 5, ['x'.repeat(16)]],
  ])('of %j, %i lines', (text, lines, expected) => {
    const path = join(newFolder(), 'log')
    writeFileSync(path, text)
    expect(tailOf(path, lines, 16)).toEqual(expected)
  })
  it('of a log that is not there is empty', () => expect(tailOf(join(scratch, 'none'), 1, 16)).toEqual([]))
})
