import type { TestProject } from 'vitest/node'
import { buildProgram } from './program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `node` and the program that was built for this run of the tests. */
    readonly program: readonly string[]
  }
}

/** Builds the program once for all the tests of a project (`vitest.config.ts`), and takes it away after them. */
export default function setup(project: TestProject): () => void {
  const program = buildProgram()
  project.provide('program', program.words)
  return program.remove
}
