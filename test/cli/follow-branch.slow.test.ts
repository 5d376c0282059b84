import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type BranchFollower, followBranch } from '../../cli/service/follow-branch.ts'
import { Fault } from '../../domain/fault.ts'
import type { Opened } from '../../cli/house/open.ts'
import { openDeployBranches } from '../../publisher/branches/open.ts'
import { initBareRepository } from '../../publisher/deploy.ts'
import { openSpecBranch } from '../../publisher/spec-repository.ts'
import { bareEnvironment, commitFiles, gitIn, temporaryFolder, us, workRepository } from '../support/publisher.ts'

const patience = { timeout: 60_000, interval: 50 }
const dataset = (uri: string): string => `apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: handbook, project: language }
spec: { uri: ${uri}, format: text }
`
const environment = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, images: { ghcr.io/example/trainer: examples/handbook } }
`

let work: string
let specs: string
let deploy: string
let follower: BranchFollower
let moved: number
let asked: string[]
let answers: boolean
let logged: string[]

beforeEach(async () => {
  const folder = await temporaryFolder()
  work = join(folder, 'work')
  specs = join(folder, 'specs.git')
  deploy = join(folder, 'deploy.git')
  await workRepository(work, { 'specs/dev.yaml': environment, 'specs/data.yaml': dataset('a') })
  gitIn(folder, 'clone', '--quiet', '--bare', work, specs)
  await initBareRepository(deploy, 'main', bareEnvironment)
  const common = { branch: 'main', environment: bareEnvironment, author: us, now: () => new Date() }
  const opened = {
    settings: { deployUrl: deploy, deployBranch: 'main', embeddedDeploy: false },
    specs: await openSpecBranch({ ...common, url: specs, cacheFolder: join(folder, 'specs-cache') }),
    deploy: await openDeployBranches({ ...common, url: deploy, cacheFolder: join(folder, 'deploy-cache') }),
    // Of a forge only what it answers counts here; a real one is asked in proposals.services.test.ts.
    pullRequests: {
      put: (_proposal: unknown, text: string) => {
        asked.push(text)
        if (answers) return Promise.resolve({ kind: 'open', number: 7, url: 'https://git.example.com/7' })
        return Promise.reject(new Fault('FORGE_UNREACHABLE', 'the forge cannot be reached', { retry: 'soon' }))
      },
    },
  }
  moved = 0
  logged = []
  asked = []
  answers = true
  follower = followBranch(opened as unknown as Opened, {
    // Once a year: what happens here happens because it was told to.
    cron: '0 0 0 1 1 *',
    now: () => new Date(),
    log: ({ message }) => logged.push(message),
    moved: () => (moved += 1),
  })
})
afterEach(() => follower.end())

const publishedFrom = (commit: string) =>
  vi.waitFor(() => {
    const message = gitIn(deploy, 'log', '--all', '-1', '--format=%B')
    expect(message, logged.join('\n')).toContain(commit)
  }, patience)
const merge = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const commit = await commitFiles(work, files)
  gitIn(work, 'push', '--quiet', specs, 'HEAD:main')
  return commit
}
const training = (name: string): string => `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: dev
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: handbook }
  training: { epochs: 3 }
  image: ghcr.io/example/trainer@sha256:${'0'.repeat(64)}
`

it('what is merged is published when it is told to look, also while it looks', async () => {
  const first = await merge({ 'specs/one.yaml': training('one') })
  follower.look()
  await publishedFrom(first)
  const second = await merge({ 'specs/two.yaml': training('two') })
  follower.look()
  const third = await merge({ 'specs/three.yaml': training('three') })
  follower.look()
  await publishedFrom(third)
  expect(gitIn(work, 'merge-base', '--is-ancestor', second, third)).toBe('')
  // A look that finds nothing new publishes nothing, and what it wrote itself is nobody's move.
  const head = gitIn(deploy, 'rev-parse', 'main')
  follower.look()
  await follower.end()
  expect({
    head: gitIn(deploy, 'rev-parse', 'main'),
    moved,
    logged: logged.filter((one) => /failed|fatal/.test(one)),
  }).toEqual({ head, moved: 0, logged: [] })
})

it('what somebody else wrote to the deploy repository is told when it looks', async () => {
  const first = await merge({ 'specs/one.yaml': training('one') })
  follower.look()
  await publishedFrom(first)
  const other = join(await temporaryFolder(), 'clone')
  gitIn(work, 'clone', '--quiet', deploy, other)
  await commitFiles(other, { 'README.md': 'by hand\n' })
  gitIn(other, 'push', '--quiet', 'origin', 'HEAD:main')
  follower.look()
  await vi.waitFor(() => expect(moved).toBe(1), patience)
})

it('a pull request that a forge could not open is asked for again, although nothing has moved since', async () => {
  answers = false
  await merge({
    'specs/dev.yaml': environment.replace('cluster: local', 'cluster: local, protections: { pullRequest: true }'),
    'specs/one.yaml': training('one'),
  })
  follower.look()
  await vi.waitFor(() => expect(logged.join('\n')).toContain('its pull request is not open yet'), patience)
  answers = true
  follower.look()
  await vi.waitFor(() => expect(logged.join('\n')).toContain('waits for pull request 7'), patience)
  const before = asked.length
  follower.look()
  await follower.end()
  expect([asked.length, asked.every((text) => text.includes('dev/language/one'))]).toEqual([before, true])
  expect(gitIn(deploy, 'ls-tree', '-r', '--name-only', 'main')).not.toContain('one')
})

it('a commit that starts many trainings is told by the first of them and their number', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `sweep-${index}`)
  const commit = await merge(Object.fromEntries(names.map((name) => [`specs/${name}.yaml`, training(name)])))
  follower.look()
  await publishedFrom(commit)
  const told = await vi.waitFor(() => {
    const found = logged.find((one) => one.includes('published as') && one.includes('sweep-'))
    expect(found).toBeDefined()
    return found ?? ''
  }, patience)
  expect(told.split('\n').filter((line) => line.includes('starts '))).toHaveLength(20)
  expect(told).toContain('… and 3 more; the commit names them all')
  for (const name of names) expect(gitIn(deploy, 'log', '--all', '-1', '--format=%B')).toContain(`dev/language/${name}`)
})
