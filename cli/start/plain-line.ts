import { type QuickCommand, quickCommands } from './command-word.ts'

/** What a plain command line asks for. */
export interface PlainLine {
  readonly command: QuickCommand
  readonly directory: string | undefined
  readonly to: string | undefined
  readonly cache: boolean
}

/**
 * What a command line says that is written as most are: `check` or `compile`, with the folder before it, and without the cache or to a folder. To load
 * the library for command lines, and to describe two commands to it, takes a tenth of a check of one spec. Undefined for every other line: the library
 * knows all, and what is wrong with one.
 * @param words after the name of the program
 */
export function plainLine(words: readonly string[]): PlainLine | undefined {
  const [folder, ...after] = ['-C', '--directory'].includes(words[0] ?? '') ? words.slice(1) : [undefined, ...words]
  const command = quickCommands.find((one) => one === after[0])
  if (command === undefined || isOdd(folder)) return undefined
  const options = after.slice(1)
  const cache = options[0] !== '--no-cache'
  const [name, to, ...rest] = cache ? options : options.slice(1)
  if (name === undefined) return { command, directory: folder, to, cache }
  const isTo = command === 'compile' && name === '--to' && to !== undefined && !isOdd(to) && rest.length === 0
  return isTo ? { command, directory: folder, to, cache } : undefined
}

/** Whether a value could be taken for something else. */
function isOdd(value: string | undefined): boolean {
  return value === '' || value?.startsWith('-') === true
}
