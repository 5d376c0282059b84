import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Script } from 'node:vm'
import { codeFolders, keepCode, recallCode } from './code-cache.ts'
import type { QuickCommand } from './command-word.ts'

/** Names of files in the folder of the built program. */
export interface BuiltFiles {
  readonly quick: Readonly<Record<QuickCommand, string>>
  readonly whole: string
}

type Obtain = (module: string) => Promise<unknown>
type Text = (require: NodeJS.Require, obtain: Obtain, filename: string, folder: string) => void

/**
 * Runs a built file whose text is a function of how modules are loaded and of where it is. What V8 made of it is taken from a cache: it holds the
 * functions that the command calls, and no others.
 * @param file written in ASCII
 * @param require of a file in the same folder: to load `node:module` and to make another one takes half a millisecond
 */
export function runQuick(folder: string, file: string, require: NodeJS.Require): void {
  const filename = join(folder, file)
  const folders = codeFolders(folder, process.env)
  const name = basename(file, '.cjs')
  const cachedData = recallCode(folders, name)
  const script = new Script(readFileSync(filename, 'latin1'), { filename, ...(cachedData ? { cachedData } : {}) })
  if (script.cachedDataRejected !== false) keepAtEnd(script, folders.user, name)
  const run = script.runInThisContext() as Text
  run(require, (module) => import(module), filename, folder)
}

/** Only then it is known which functions the command calls. */
function keepAtEnd(script: Script, folder: string | undefined, name: string): void {
  if (folder === undefined) return
  process.once('exit', (code) => {
    if (code < 2) keepCode(folder, name, () => script.createCachedData())
  })
}
