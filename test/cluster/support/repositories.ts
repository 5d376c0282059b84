import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../base/command.ts'
import type { Cluster } from './cluster.ts'

export interface Repository {
  /** http://127.0.0.1:port/name.git: clone, fetch and push. */
  readonly url: string
  /** The same as pods reach it; null without bridge. */
  readonly urlForPods: string | null
  /** The bare repository's folder: for hooks, and for a look behind the server's back. */
  readonly folder: string
  /**
   * Pushes one commit to `main` over HTTP.
   * @param files path → content; null takes the file away
   * @returns its id
   */
  commit(subject: string, files: Readonly<Record<string, string | null>>): Promise<string>
  /** Undoes a commit by another one, as a person would. @returns its id */
  revert(commit: string): Promise<string>
  /** The newest commit of `main`, as the server has it. */
  head(): Promise<string>
  /** A file of the newest commit. @throws Error when it is not there */
  read(path: string): Promise<string>
  /** Paths that a commit changed. */
  filesOf(commit: string): Promise<readonly string[]>
  /** Whether a commit is the other one, or in its history. */
  isAncestor(commit: string, of: string): Promise<boolean>
  /** Paths of all files of the newest commit. */
  paths(): Promise<readonly string[]>
}

const pushesMax = 5
const person = { name: 'A Person', email: 'person@example.com' }

/** An empty repository on the bed's Git server with an empty first commit. */
export async function createRepository({ folder: bed, git }: Cluster, name: string): Promise<Repository> {
  const bare = join(git.folder, `${name}.git`)
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare])
  await run('git', ['-C', bare, 'config', 'http.receivepack', 'true'])
  const url = `${git.url}/${name}.git`
  const clone = join(bed, 'clones', name)
  mkdirSync(dirname(clone), { recursive: true })
  await run('git', ['clone', '--quiet', url, clone])
  const inClone = (...words: readonly string[]) => {
    const identity = ['-c', `user.name=${person.name}`, '-c', `user.email=${person.email}`]
    return run('git', ['-C', clone, ...identity, ...words]).then((text) => text.trim())
  }
  const push = async () => {
    await inClone('push', '--quiet', 'origin', 'HEAD:main')
    return inClone('rev-parse', 'HEAD')
  }
  const catchUp = async () => {
    await inClone('fetch', '--quiet', 'origin', 'main')
    await inClone('reset', '--quiet', '--hard', 'FETCH_HEAD')
  }
  await inClone('commit', '--quiet', '--allow-empty', '--message', 'Begin')
  await push()
  // Tests that run beside each other share the clone.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<string>): Promise<string> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }
  /** Specyard commits too: who is overtaken begins again at the new head. */
  const land = (change: () => Promise<unknown>): Promise<string> =>
    inTurn(async () => {
      for (let tries = 1; ; tries += 1) {
        await catchUp()
        await change()
        try {
          return await push()
        } catch (error) {
          if (tries === pushesMax) throw error
        }
      }
    })
  const inBare = (...words: readonly string[]) => run('git', ['-C', bare, ...words])
  return {
    url,
    urlForPods: git.urlForPods && `${git.urlForPods}/${name}.git`,
    folder: bare,
    commit: (subject, files) =>
      land(async () => {
        for (const [path, content] of Object.entries(files)) {
          const file = join(clone, path)
          mkdirSync(dirname(file), { recursive: true })
          if (content === null) rmSync(file)
          else writeFileSync(file, content)
        }
        await inClone('add', '--all')
        await inClone('commit', '--quiet', '--message', subject)
      }),
    revert: (commit) => land(() => inClone('revert', '--no-edit', commit)),
    head: async () => (await inBare('rev-parse', 'main')).trim(),
    read: (path) => inBare('show', `main:${path}`),
    filesOf: async (commit) => (await inBare('show', '--format=', '--name-only', commit)).split('\n').filter(Boolean),
    isAncestor: (commit, of) =>
      inBare('merge-base', '--is-ancestor', commit, of).then(
        () => true,
        () => false,
      ),
    paths: async () => (await inBare('ls-tree', '-r', '--name-only', 'main')).split('\n').filter(Boolean),
  }
}
