import { execFileSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { LedgerCommit } from '../../domain/ledger-history.ts'
import {
  bareEnvironment,
  commitFiles,
  gitIn,
  request,
  temporaryFolder,
  type TestDeploy,
  testDeploy,
} from '../support/publisher.ts'

const one = '.specyard/ledger/runs/dev/language/one.json'
const two = '.specyard/ledger/models/language/two.json'

async function historyOf({ another }: TestDeploy, environment = bareEnvironment): Promise<readonly LedgerCommit[]> {
  const commits: LedgerCommit[] = []
  // Another process, which has nothing of the repository yet.
  const deploy = await another({ environment })
  for await (const commit of (await deploy.ledgerHistory()).read()) commits.push(commit)
  return commits
}

/** An environment whose Git counts how often it is started. */
async function countingGit(): Promise<{ environment: typeof bareEnvironment; starts(): Promise<number> }> {
  const folder = await temporaryFolder()
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  const starts = join(folder, 'starts')
  await writeFile(starts, '')
  await writeFile(join(folder, 'git'), `#!/bin/sh\necho started >> '${starts}'\nexec '${real}' "$@"\n`)
  await chmod(join(folder, 'git'), 0o755)
  return {
    environment: { ...bareEnvironment, PATH: `${folder}:${bareEnvironment.PATH}` },
    starts: async () => (await readFile(starts, 'utf8')).split('\n').length - 1,
  }
}

/** What a commit did, in short. */
function told(commit: LedgerCommit): object {
  if (!commit.ours) return { by: commit.author, paths: commit.paths }
  return { action: commit.action, files: Object.fromEntries(commit.files) }
}

it('a repository without a commit has no history', async () => {
  const made = await testDeploy()
  expect(await historyOf(made)).toEqual([])
  expect((await made.deploy.ledgerHistory()).commits).toBe(0)
})

it('commits of ours are told oldest first, with the ledger files that each changed and none of the others', async () => {
  const made = await testDeploy()
  const first = await made.deploy.publish(request({ [one]: '1\n', 'charts/a.yaml': 'a\n' }))
  await made.deploy.publish(request({ 'charts/a.yaml': 'b\n' }))
  await made.deploy.publish(request({ [one]: '2\n', [two]: 'x\n' }, { action: 'register' }))
  await made.deploy.publish(request({ [two]: null }, { action: 'retire' }))
  const history = await historyOf(made)
  expect(history.map(told)).toEqual([
    { action: 'publication', files: { [one]: '1\n' } },
    { action: 'register', files: { [one]: '2\n', [two]: 'x\n' } },
    { action: 'retire', files: { [two]: null } },
  ])
  expect(history.map(({ position }) => position)).toEqual([1, 3, 4])
  expect(history[0]).toMatchObject({ commit: first?.commit, at: first?.at })
  expect((await made.deploy.ledgerHistory()).commits).toBe(4)
})

it('a commit of somebody else is told with its author and paths, and nothing of what it wrote', async () => {
  const made = await testDeploy()
  await made.deploy.publish(request({ [one]: '1\n' }))
  await made.byHand({ [one]: 'theirs\n', 'README.md': 'not ours\n' })
  await made.byHand({ 'README.md': 'nor this\n' })
  expect((await historyOf(made)).map(told)).toEqual([
    { action: 'publication', files: { [one]: '1\n' } },
    { by: 'Ada <ada@example.com>', paths: [one] },
  ])
})

it('a merge is told where it changed what none of its parents has, and both sides before it', async () => {
  const made = await testDeploy()
  await made.deploy.publish(request({ [one]: '1\n' }))
  const clone = made.clone()
  gitIn(clone, 'checkout', '--quiet', '-b', 'side')
  const side = await commitFiles(clone, { [two]: 'side\n' })
  await made.deploy.publish(request({ [one]: '2\n' }))
  gitIn(clone, 'checkout', '--quiet', 'main')
  gitIn(clone, 'pull', '--quiet', '--ff-only', 'origin', 'main')
  gitIn(clone, 'merge', '--quiet', '--no-commit', '--no-ff', 'side')
  const merge = await commitFiles(clone, { [one]: 'neither\n' })
  gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
  const history = await historyOf(made)
  expect(history.map(told)).toEqual(
    expect.arrayContaining([
      { action: 'publication', files: { [one]: '1\n' } },
      { action: 'publication', files: { [one]: '2\n' } },
    ]),
  )
  const theirs = history.filter(({ ours }) => !ours)
  expect(theirs).toMatchObject([
    { commit: side, paths: [two] },
    { commit: merge, paths: [one] },
  ])
  expect(history.at(-1)?.commit).toBe(merge)
})

it('a history of many commits is read with a handful of processes', async () => {
  const made = await testDeploy()
  await made.deploy.publish(request({ [one]: '0\n' }))
  const head = gitIn(made.url, 'rev-parse', 'main')
  const message = gitIn(made.url, 'log', '-1', '--format=%B', 'main')
  // As `git fast-import` wants it: each commit writes one more line.
  const commits = Array.from({ length: 1200 }, (_, index) => {
    const text = `${index + 1}\n`
    return [
      `commit refs/heads/main\ncommitter Specyard <specyard@localhost> ${1_800_000_000 + index} +0000`,
      `data ${Buffer.byteLength(message)}\n${message}`,
      `${index === 0 ? `from ${head}\n` : ''}M 100644 inline ${one}\ndata ${text.length}\n${text}`,
    ].join('\n')
  })
  execFileSync('git', ['fast-import', '--quiet'], { cwd: made.url, input: `${commits.join('\n')}\n` })
  const counting = await countingGit()
  const history = await historyOf(made, counting.environment)
  expect(history).toHaveLength(1201)
  expect(await counting.starts()).toBeLessThan(40)
  expect(history.at(-1)).toMatchObject({ ours: true, position: 1201, files: new Map([[one, '1200\n']]) })
  expect(history.map(({ position }) => position)).toEqual(history.map((_, index) => index + 1))
})
