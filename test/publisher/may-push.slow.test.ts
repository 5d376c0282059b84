import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { initBareRepository } from '../../publisher/deploy.ts'
import { mayPropose, mayPush } from '../../publisher/may-push.ts'
import { bareEnvironment, deployOptions, gitIn } from '../support/publisher.ts'

let folder: string
let url: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-may-push-'))
  url = join(folder, 'deploy.git')
  await initBareRepository(url, 'main', bareEnvironment)
})
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))

const ask = () => mayPush(deployOptions(url, join(folder, 'cache')))

it('a branch that is not there yet may be pushed to, and is not there afterwards', async () => {
  expect(await ask()).toEqual({ allowed: true, head: null })
  expect(gitIn(url, 'for-each-ref')).toBe('')
})

it('a branch with commits may be pushed to, and stands where it stood', async () => {
  const tree = gitIn(url, 'hash-object', '-t', 'tree', '-w', '/dev/null').trim()
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
  const commit = gitIn(url, ...identity, 'commit-tree', '-m', 'Begin', tree).trim()
  gitIn(url, 'update-ref', 'refs/heads/main', commit)
  expect(await ask()).toEqual({ allowed: true, head: commit })
  expect(gitIn(url, 'rev-parse', 'main').trim()).toBe(commit)
})

it('what pull requests take is asked for by its whole name, and is not there afterwards', async () => {
  const answers = await mayPropose(deployOptions(url, join(folder, 'cache')))
  expect([...answers]).toEqual([
    ['refs/heads/main-next', { allowed: true, head: null }],
    ['refs/specyard/proposed/main', { allowed: true, head: null }],
  ])
  expect(gitIn(url, 'for-each-ref')).toBe('')
})

it('a repository that is not there is a fault that says so', async () => {
  url = join(folder, 'nowhere.git')
  await expect(ask()).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' })
})
