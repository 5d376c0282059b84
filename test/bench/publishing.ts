import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { simpleGit } from 'simple-git'
import type { Change } from '../../domain/publication.ts'
import { linkFor } from '../../publisher/chain/links.ts'
import { readSnapshot, type Snapshot, snapshotOf } from '../../publisher/chain/snapshot.ts'
import { initBareRepository, openDeployRepository } from '../../publisher/deploy.ts'
import { importCommits, importStream } from '../../publisher/git/import.ts'
import type { GitPlace } from '../../publisher/git/run.ts'
import { bareEnvironment, deployOptions, us } from '../support/deploy-options.ts'
import { commitCount, gitIn, request, writeHook } from '../support/publisher.ts'
import { median, type Row, row } from './report.ts'

export interface PublishingOptions {
  /** Files of the tree. */
  readonly files: number
  readonly rounds: number
}

const simpleName = 'simple-git: files, add, commit'
const fasterThanSimple = 2.2
const slowerThanImport = 1.5
const pushesMax = 20

/**
 * One commit of all files of a tree, and of one of them: ours from the change to the commit, beside simple-git in a work tree (the files, add and
 * commit) and, as the limit, `git fast-import` that is fed the finished stream. Then many writers of one process on one branch.
 */
export async function measurePublishing({ files, rounds }: PublishingOptions): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-git-'))
  try {
    const trees = [
      await openOurs(folder, files),
      await openSimple(folder, files),
      await openImport(folder, files),
    ] as const
    const rows: Row[] = []
    for (const changed of [files, 1]) {
      // A small commit is over before a busy machine has looked at it once: more of them.
      const many = changed === 1 ? rounds * 5 : rounds
      const times: readonly number[][] = [[], [], []]
      for (let round = 1; round <= many; round += 1) {
        const change = changeOf(changed, `${changed} in round ${round}`)
        for (const [index, commit] of trees.entries()) times[index]?.push(await commit(change))
      }
      const [ours = 0, simple = 0, limit = 0] = times.map(median)
      rows.push(
        row({
          metric: `commit ${changed} of ${files} files`,
          ...{ unit: 'ms', better: 'less', ours, peer: { name: simpleName, value: simple } },
          ...{ limit, goal: fasterThanSimple, bound: limit * slowerThanImport },
        }),
      )
    }
    return [...rows, ...(await measureWriters(folder))]
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Commits a change and gives the milliseconds that it took. */
type Commit = (change: Change) => Promise<number>

function changeOf(files: number, words: string): Map<string, string> {
  const change = new Map<string, string>()
  for (let index = 0; index < files; index += 1) {
    const path = `environments/dev/team-${index % 100}/jobs/training-${index}.yaml`
    // About what a Job weighs: 1.8 KB.
    const lines = Array.from({ length: 40 }, (_, line) => `  field-${line}: value ${line} of training ${index}\n`)
    change.set(path, `# ${words}\n${lines.join('')}`)
  }
  return change
}

async function openOurs(folder: string, files: number): Promise<Commit> {
  const path = join(folder, 'ours.git')
  await initBareRepository(path, 'main', bareEnvironment)
  const place: GitPlace = { folder: path, environment: bareEnvironment, globalConfiguration: null, secrets: [] }
  const first = { author: us, at: new Date(0), message: 'First', files: changeOf(files, 'first') }
  const [head = ''] = await importCommits(place, 'refs/heads/main', null, [first])
  const none: Snapshot = {
    ...{
      deployed: { commit: null, files: new Map(), drifted: [] },
      entries: new Map(),
      drifted: [],
      source: null,
      merged: null,
    },
  }
  // Those files are ours: a commit of ours that adopts them would say so.
  let snapshot: Snapshot = {
    ...(await readSnapshot(place, head, none, { email: us.email }, () => Promise.resolve(undefined))),
    drifted: [],
  }
  return async (change) => {
    const began = performance.now()
    const asked = { subject: 'Publish specs', body: '', action: 'publication', subjects: [], files: change }
    const link = await linkFor(snapshot, { source: null, change: () => asked }, { author: us, now: () => new Date() })
    if (!link) throw new Error('there was nothing to commit')
    const [commit = ''] = await importCommits(place, 'refs/heads/main', snapshot.deployed.commit, [link.made])
    const took = performance.now() - began
    snapshot = snapshotOf(link.after(), commit)
    return took
  }
}

async function openSimple(folder: string, files: number): Promise<Commit> {
  const path = join(folder, 'simple')
  mkdirSync(path)
  gitIn(path, 'init', '--quiet', '--initial-branch=main')
  const client = simpleGit({ baseDir: path, config: [`user.name=${us.name}`, `user.email=${us.email}`, 'gc.auto=0'] })
  const commit: Commit = async (change) => {
    const began = performance.now()
    for (const [name, text] of change) writeFileSync(join(path, name), text ?? '')
    await client.add([...change.keys()].length > 1 ? '.' : [...change.keys()])
    await client.commit('Publish specs')
    return performance.now() - began
  }
  const first = changeOf(files, 'first')
  for (const name of first.keys()) mkdirSync(dirname(join(path, name)), { recursive: true })
  await commit(first)
  return commit
}

async function openImport(folder: string, files: number): Promise<Commit> {
  const path = join(folder, 'import.git')
  await initBareRepository(path, 'main', bareEnvironment)
  let head: string | null = null
  const commit: Commit = async (change) => {
    const made = { author: us, at: new Date(), message: 'Publish specs', files: change }
    const stream = Buffer.from([...importStream('refs/heads/main', head, [made])].join(''))
    const began = performance.now()
    const child = spawn('git', ['fast-import', '--quiet', '--done', '--force'], {
      cwd: path,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let id = ''
    child.stdout.on('data', (chunk: Buffer) => (id += chunk.toString('latin1')))
    child.stdin.end(stream)
    await once(child, 'close')
    if (child.exitCode !== 0) throw new Error('git fast-import failed')
    const took = performance.now() - began
    head = id.trim()
    return took
  }
  await commit(changeOf(files, 'first'))
  return commit
}

const [writersMany, commitsEach] = [8, 15]

/** Writers of one process, as the parts of a service are: how many pushes it takes until all of their commits are in the branch. */
async function measureWriters(folder: string): Promise<readonly Row[]> {
  const url = join(folder, 'deploy.git')
  await initBareRepository(url, 'main', bareEnvironment)
  await writeHook(url, 'update', '#!/bin/sh\necho pushed >> pushes\n')
  const deploy = await openDeployRepository(deployOptions(url, join(folder, 'cache')))
  const landed = new Set<string | undefined>()
  const began = performance.now()
  await Promise.all(
    Array.from({ length: writersMany }, async (_, writer) => {
      for (let index = 0; index < commitsEach; index += 1) {
        const publication = await deploy.publish(request({ [`charts/${writer}/${index}.yaml`]: `${index}\n` }))
        landed.add(publication?.commit)
      }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  const there = new Set(gitIn(url, 'rev-list', 'main').split('\n'))
  const all = writersMany * commitsEach
  const lost = all - [...landed].filter((commit) => commit !== undefined && there.has(commit)).length
  const files = execFileSync('git', ['ls-tree', '-r', '--name-only', 'main', 'charts'], { cwd: url, encoding: 'utf8' })
  const missing = all - files.trim().split('\n').length
  const pushes = readFileSync(join(url, 'pushes'), 'utf8').split('\n').length - 1
  const title = `${writersMany} writers x ${commitsEach} commits on one branch`
  return [
    row({ metric: `${title}: pushes`, unit: 'pushes', better: 'less', ours: pushes, bound: pushesMax }),
    row({
      metric: `${title}: commits lost`,
      ...{ unit: 'commits', better: 'less', ours: lost + missing + Math.abs(commitCount(url) - all), bound: 0 },
    }),
    row({ metric: `${title}: commits`, unit: 'commits/s', better: 'more', ours: all / seconds }),
  ]
}
