import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createSpecFolder } from '../../support/check.ts'
import { gpuEnvironments, gpuTraining } from '../../support/impact.ts'

const folder = createSpecFolder('compile-to')
afterAll(() => folder.remove())
folder.write({
  'specs/environments.yaml': gpuEnvironments,
  'specs/letters.yaml': gpuTraining('letters'),
  'specs/other.yaml': gpuTraining('other'),
})
mkdirSync(join(folder.path, 'templates'))
symlinkSync(join(folder.path, 'specs'), join(folder.path, 'linked'))

describe('compile --to', () => {
  it.each([
    ['nothing, as of a variable that is not set', '', 'error: --to names no folder'],
    ['spaces', '  ', 'error: --to names no folder'],
    ['the folder of the specs', 'specs', 'error: --to "specs" is in specs/, which is read to compile'],
    ['a folder in it that is not there yet', 'specs/out/tree', 'error: --to "specs/out/tree" is in specs/'],
    ['a link to it', 'linked/out', 'error: --to "linked/out" is in specs/'],
    ['the folder of templates', './templates/', 'error: --to "./templates/" is in templates/'],
  ])('refuses %s, and writes nothing', async (_what, to, said) => {
    const before = readdirSync(folder.path, { recursive: true })
    const { code, stdout, stderr } = await folder.run(['compile', '--to', to])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(said)
    expect(readdirSync(folder.path, { recursive: true })).toEqual(before)
  })

  it('takes a folder beside the specs with a name that begins like theirs', async () => {
    expect(await folder.run(['compile', '--to', 'specs-tree'])).toMatchObject({ code: 0, stderr: '' })
    rmSync(join(folder.path, 'specs-tree'), { recursive: true })
  })

  it('tells of files that no spec makes any more, and leaves them and what is beside them', async () => {
    expect(await folder.run(['compile', '--to', 'tree'])).toMatchObject({ code: 0, stderr: '' })
    writeFileSync(join(folder.path, 'tree', 'mine.txt'), '')
    expect(await folder.run(['compile', '--to', 'tree'])).toMatchObject({ code: 0, stderr: '' })
    rmSync(join(folder.path, 'specs', 'other.yaml'))
    for (const more of [[], ['--no-cache']]) {
      const { code, stderr } = await folder.run(['compile', '--to', 'tree', ...more])
      const [, left = ''] =
        /^1 other file is there that no spec makes .*: (environments\S+\.yaml); to be rid/.exec(stderr) ?? []
      expect([code, left]).toEqual([0, expect.stringContaining('/jobs/other-')])
      expect(existsSync(join(folder.path, 'tree', left))).toBe(true)
    }
  })
})
