import { type Command, Option } from 'commander'
import type { World } from './world.ts'

/** How a command prints its result. */
export const outputOption = (choices: readonly string[]): Option =>
  new Option('-o, --output <format>', 'how to print the result').choices([...choices]).default('human')

/** Adds one command to the command line. */
export type AddCommand = (program: Command, world: World) => void

/** The folder that a command works in. */
export const folder = (program: Command, world: World): string => {
  const { directory } = program.opts<{ directory?: string }>()
  return directory ?? world.directory
}
