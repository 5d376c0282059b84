import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** The words by which node runs a TypeScript file from any folder: through tsx, as it runs the tests. */
export function runTypescript(path: string, words: readonly string[]): readonly string[] {
  const tsx = createRequire(import.meta.url).resolve('tsx')
  return ['--import', pathToFileURL(tsx).href, path, ...words]
}
