import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isCommitId } from './objects.ts'

/**
 * The commit that a reference of a bare repository on this machine names, read as Git wrote it, which takes no process.
 * @param name in full, such as `refs/heads/main`
 * @returns undefined where it is not there, and where only Git can tell: when it names another reference, or is kept in another way than in files
 * @see https://git-scm.com/docs/gitrepository-layout
 */
export function readReference(folder: string, name: string): string | undefined {
  // The file of its own comes first: Git takes that away after it has packed it.
  const own = read(join(folder, ...name.split('/')))
  if (own === 'unreadable') return undefined
  const commit = own === 'missing' ? packed(read(join(folder, 'packed-refs')), name) : own.trimEnd()
  return commit !== undefined && isCommitId(commit) ? commit : undefined
}

function packed(text: string, name: string): string | undefined {
  const line = text.split('\n').find((one) => one.endsWith(` ${name}`))
  return line?.slice(0, -name.length - 1)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable'
  }
}
