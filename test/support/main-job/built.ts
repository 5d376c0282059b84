import { inject } from 'vitest'
import type { Program } from './program.ts'

/** The program that was built when this run of the tests began: it starts in a fraction of what the sources take, which are translated each time. */
export function builtProgram(): Pick<Program, 'words'> {
  return { words: inject('program') }
}
