import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeTree } from '../../../cli/specs/writing/write-tree.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-write-tree-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A hundred files in folders within folders. */
const tree = new Map(
  Array.from({ length: 100 }, (_, index) => [`a/${index % 7}/b/${index % 3}/file-${index}.yaml`, `é: ${index}\n`]),
)

function filesBelow(): ReadonlyMap<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const paths = found.map((one) => join(one.parentPath, one.name).slice(folder.length + 1)).sort()
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

// The file system is as quick or as slow as it is: whether files are made one after the other or several at once is forced here.
describe.each([
  ['one after the other', Infinity],
  ['several at once', -1],
])('a tree that is written %s', (_name, slow) => {
  it('is there with all its folders, and said of each file is how it stands', async () => {
    const stands = new Map<string, number>()
    expect(await writeTree(folder, tree, (path, about) => stands.set(path, about.ino), slow)).toBe(100)
    expect(filesBelow()).toEqual(new Map([...tree].sort()))
    for (const path of tree.keys()) expect(stands.get(path)).toBe(statSync(join(folder, path)).ino)
  })

  it('leaves files alone that are as they should be, writes others anew, and minds nobody else’s', async () => {
    await writeTree(folder, tree, undefined, slow)
    const [same = '', changed = '', gone = ''] = tree.keys()
    const before = statSync(join(folder, same)).ctimeMs
    writeFileSync(join(folder, changed), 'other: 1\n')
    rmSync(dirname(join(folder, gone)), { recursive: true })
    const lost = [...tree.keys()].filter((path) => dirname(path) === dirname(gone)).length
    writeFileSync(join(folder, 'a', 'mine'), 'mine')
    const stands = new Map<string, number>()
    expect(await writeTree(folder, tree, (path, about) => stands.set(path, about.ino), slow)).toBe(lost + 1)
    expect(statSync(join(folder, same)).ctimeMs).toBe(before)
    expect(filesBelow()).toEqual(new Map([...tree, ['a/mine', 'mine'] as const].sort()))
    expect(stands.size).toBe(100)
  })

  it.each([
    ['a folder stands where a file should', (path: string) => mkdirSync(path, { recursive: true }), 'EISDIR'],
    [
      'a file stands where a folder should',
      (path: string) => {
        mkdirSync(dirname(dirname(path)), { recursive: true })
        writeFileSync(dirname(path), '')
      },
      'ENOTDIR',
    ],
    [
      'a link to nowhere stands where a folder should',
      (path: string) => {
        mkdirSync(dirname(dirname(path)), { recursive: true })
        symlinkSync(join(folder, 'no', 'where'), dirname(path))
      },
      'ENOENT|EEXIST',
    ],
  ])('names the file that cannot be written: %s', async (_what, spoil, code) => {
    const path = join(folder, 'a/3/b/1/file-94.yaml')
    spoil(path)
    await expect(writeTree(folder, tree, undefined, slow)).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringMatching(
        new RegExp(`^the file ${folder}/a/3/b/1/file-\\d+.yaml cannot be written \\((${code})\\)$`),
      ),
    })
  })
})
