import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** A repository of its own that holds what this one would hold if everything were committed now; what others take from a release. */
export function snapshot(folder: string): { readonly path: string; readonly commit: string } {
  mkdirSync(folder, { recursive: true })
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const path of list
    .toString('utf8')
    .split('\0')
    .filter((one) => one !== '' && existsSync(join(root, one)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path))
  }
  return { path: folder, commit: commitAll(folder, 'Release') }
}

/** Commits everything in a folder, which becomes a repository if it is none. @returns the commit */
export function commitAll(folder: string, subject: string): string {
  const git = (...words: readonly string[]): string =>
    execFileSync(
      'git',
      ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false', ...words],
      { cwd: folder, encoding: 'utf8' },
    )
  if (!existsSync(join(folder, '.git'))) git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--no-verify', '--message', subject)
  return git('rev-parse', 'HEAD').trim()
}
