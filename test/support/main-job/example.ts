import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLeftovers } from '../../../local/leftovers.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** A copy of the worked example in a folder of its own. */
export interface Example {
  readonly folder: string
  /** Everything that `up` keeps. */
  readonly state: string
  /** Changes a file of the copy. */
  edit(path: string, change: (text: string) => string): void
  /** Ends what still runs of it and takes the folder away. */
  remove(): Promise<void>
}

/** The specs of trainings that take a second or two: few samples in an epoch, and few to look at after it, which takes as long as learning does. */
export function shortened(specs: string): string {
  return lengthened(specs, 10_000).replaceAll(
    /splits: \{.*\}/g,
    'splits: { train: 0.98, validation: 0.01, test: 0.01 }',
  )
}

/** The specs of trainings that last until somebody has come between: three or four seconds. */
export function lengthened(specs: string, samplesPerEpoch = 33_000): string {
  return specs.replaceAll(/samplesPerEpoch: \d+/g, `samplesPerEpoch: ${samplesPerEpoch}`)
}

/** @param folder where to put it, made where it is missing; a temporary one unless told */
export function copyExample(folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-example-'))): Example {
  for (const part of ['specs', 'specyard.yaml', 'examples'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  const example: Example = {
    folder,
    state: join(folder, '.specyard'),
    edit: (path, change) => {
      const file = join(folder, path)
      writeFileSync(file, change(readFileSync(file, 'utf8')))
    },
    remove: async () => {
      await endLeftovers(join(folder, '.specyard', 'local'))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  example.edit('specs/handbook/training.yaml', shortened)
  return example
}
