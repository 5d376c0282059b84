import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeSource, readRevision, readWorkingTree, type Sources } from '../../publisher/source.ts'
import { specBytesMax } from '../../publisher/spec-files.ts'
import { bareEnvironment, temporaryFolder, workRepository, writeFiles } from '../support/publisher.ts'

const files = {
  'specs/a.yaml': 'a',
  'templates/job.hbs': 'template',
  'templates/patches/scratch.yaml': 'patch',
  'templates/pool.json': '{}',
}
const others = {
  'templates/README.md': 'words',
  'templates/.job.hbs.swp': 'editor',
  'templates/.hidden/x.yaml': 'hidden',
  'templates/large.yaml': 'x'.repeat(specBytesMax + 1),
}
const textOf = ({ files: found }: Sources): Record<string, string> =>
  Object.fromEntries(found.map((file) => [file.path, new TextDecoder().decode(file.bytes)]))

it('a working tree gives its templates and patches beside its specs, and nothing else of their folder', async () => {
  const root = await temporaryFolder()
  await writeFiles(root, { ...files, ...others, 'secret.yaml': 'secret' })
  await symlink('../secret.yaml', join(root, 'templates', 'link.yaml'))
  const sources = await readWorkingTree(root)
  expect(sources.problems).toEqual([])
  expect(textOf(sources)).toEqual(files)
})

it('a revision gives the same, whatever the working tree holds', async () => {
  const root = await workRepository(await temporaryFolder(), { ...files, ...others })
  await writeFiles(root, { 'templates/job.hbs': 'changed' })
  const sources = await readRevision(root, 'HEAD', bareEnvironment)
  expect(sources.problems).toEqual([])
  expect(textOf(sources)).toEqual(files)
})

it('a changed template makes the source dirty, as a changed spec does', async () => {
  const root = await workRepository(await temporaryFolder(), { ...files, 'specyard.yaml': 'settings' })
  expect((await describeSource(root, bareEnvironment)).dirty).toBe(false)
  await writeFile(join(root, 'templates', 'job.hbs'), 'changed')
  expect((await describeSource(root, bareEnvironment)).dirty).toBe(true)
})

it('a repository without templates, or with a file of that name, is as good as any', async () => {
  const root = await temporaryFolder()
  await writeFiles(root, { 'specs/a.yaml': 'a', templates: 'no folder' })
  expect(textOf(await readWorkingTree(root))).toEqual({ 'specs/a.yaml': 'a' })
  const empty = await temporaryFolder()
  await writeFiles(empty, { 'specs/a.yaml': 'a' })
  await mkdir(join(empty, 'templates'))
  expect(textOf(await readWorkingTree(empty))).toEqual({ 'specs/a.yaml': 'a' })
})
