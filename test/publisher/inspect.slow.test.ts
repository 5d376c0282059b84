import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openInspection } from '../../publisher/inspect.ts'
import {
  bareEnvironment,
  commitFiles,
  gitIn,
  temporaryFolder,
  workRepository,
  writeFiles,
} from '../support/publisher.ts'

async function inspection(url: string, environment: Readonly<Record<string, string | undefined>> = bareEnvironment) {
  return openInspection({ url, branch: 'main', cacheFolder: join(await temporaryFolder(), 'cache'), environment })
}

it('each line has its commit, and each commit the merge that brought it', async () => {
  const folder = await workRepository(join(await temporaryFolder(), 'deploy'), { 'a.yaml': 'one\ntwo\n' })
  const first = gitIn(folder, 'rev-parse', 'HEAD')
  gitIn(folder, 'checkout', '--quiet', '-b', 'topic')
  const second = await commitFiles(folder, { 'a.yaml': 'one\nsecond\n' })
  gitIn(folder, 'checkout', '--quiet', 'main')
  await commitFiles(folder, { 'b.yaml': 'b\n' })
  gitIn(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge', 'topic')
  const merge = gitIn(folder, 'rev-parse', 'HEAD')
  gitIn(folder, 'checkout', '--quiet', '-b', 'later')
  await commitFiles(folder, { 'c.yaml': 'c\n' })
  gitIn(folder, 'checkout', '--quiet', 'main')
  gitIn(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge again', 'later')

  const read = await (await inspection(folder)).read((path) => path === 'a.yaml')
  expect([...read.files].map(([path, bytes]) => [path, bytes.toString('utf8')])).toEqual([['a.yaml', 'one\nsecond\n']])
  expect([...read.paths].sort()).toEqual(['a.yaml', 'b.yaml', 'c.yaml'])
  expect(await read.blame('a.yaml')).toEqual([first, second])
  expect((await read.commitOf(second)).merge?.id).toBe(merge)
  // It was made on the branch itself: no merge after it brought it there.
  expect((await read.commitOf(first)).merge).toBeNull()
})

it('a person’s list of commits that blame leaves out is in nobody’s way', async () => {
  const folder = await workRepository(join(await temporaryFolder(), 'deploy'), { 'a.yaml': 'one\n' })
  const home = await temporaryFolder()
  await writeFiles(home, { '.gitconfig': '[blame]\n\tignoreRevsFile = .git-blame-ignore-revs\n' })
  const read = await (await inspection(folder, { ...bareEnvironment, HOME: home })).read(() => true)
  expect(await read.blame('a.yaml')).toEqual([gitIn(folder, 'rev-parse', 'HEAD')])
})

it('a clone says where it came from, without the password in it', async () => {
  const folder = await workRepository(join(await temporaryFolder(), 'deploy'), { 'a.yaml': 'one\n' })
  gitIn(folder, 'remote', 'add', 'origin', 'https://me:s3cret@git.example.com/ml/deploy.git')
  const read = await (await inspection(folder)).read(() => true)
  expect(read.origins).toEqual(['https://git.example.com/ml/deploy.git'])
})

it('what came since is seen, and nothing of the repository is changed', async () => {
  const folder = await workRepository(join(await temporaryFolder(), 'deploy'), { 'a.yaml': 'one\n' })
  const opened = await inspection(folder)
  expect((await opened.read(() => true)).paths).toEqual(['a.yaml'])
  const commit = await commitFiles(folder, { 'b.yaml': 'two\n' })
  const before = gitIn(folder, 'for-each-ref')
  const read = await opened.read(() => true)
  expect([read.commit, read.paths]).toEqual([commit, ['a.yaml', 'b.yaml']])
  expect(gitIn(folder, 'for-each-ref')).toBe(before)
})
