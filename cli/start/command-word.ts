/** The commands that start from a file of their own: `check.ts`, `compile.ts`. */
export const quickCommands = ['check', 'compile'] as const
export type QuickCommand = (typeof quickCommands)[number]

/**
 * The quick command that a command line names, if it does. In doubt it does not: the whole program knows every command.
 * @param words after the name of the program
 */
export function quickCommand(words: readonly string[]): QuickCommand | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (word === '-C' || word === '--directory') at += 1
    else if (!/^(-C.|--directory=)/.test(word)) return quickCommands.find((one) => one === word)
  }
  return undefined
}
