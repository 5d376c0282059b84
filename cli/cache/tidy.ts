import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const forgottenMilliseconds = 60 * 60 * 1000

/**
 * Takes away what is no longer used, and what a process left that was killed while it wrote.
 * @param file the one that was just written, which stays
 * @param kind paths of files like it
 * @param others so many of them stay, the newest
 */
export function tidy(folder: string, file: string, kind: RegExp, others: number): void {
  const found = readdirSync(folder)
    .map((name) => ({
      path: join(folder, name),
      at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((left, right) => right.at - left.at)
  const alike = found.filter(({ path }) => kind.test(path) && path !== file)
  const left = found.filter(({ path, at }) => path.endsWith('.tmp') && at < Date.now() - forgottenMilliseconds)
  for (const { path } of [...alike.slice(others), ...left]) rmSync(path, { force: true })
}
