import { loadDocuments } from '../../compiler/load/document.ts'
import { specKinds } from '../../domain/specs.generated.ts'
import { faultCodes } from '../../domain/fault.ts'
import { compareText } from '../../domain/problem.ts'
import { problemCodes } from '../../domain/problem-codes.ts'
import { readWorkingTree } from '../../publisher/source.ts'
import { isTemplatePath } from '../../publisher/spec-files.ts'
import { readSettings } from '../house/settings.ts'
import type { World } from '../world.ts'
import type { Candidate, Look, Source } from './complete.ts'

/** Who waits for a completion does not wait for thousands of files to be parsed. */
const filesMax = 500

interface Named {
  readonly kind: string
  readonly name: string
  readonly file: string
}

/** Looks for names in the specs of the folder; finds none where there is no spec repository. */
export function lookInSpecs(world: World): Look {
  return async (source, directory) => {
    if (source === 'kinds') return ['Settings', ...specKinds].map((value) => ({ value, description: '' }))
    const specs = await readNames(world, directory ?? world.directory).catch((): readonly Named[] => [])
    const codes = source === 'specs and codes' ? [...Object.keys(problemCodes), ...faultCodes] : []
    const found = specs.filter((one) => isMeant(source, one.kind))
    const unique = new Map(found.map((one) => [one.name, { value: one.name, description: `${one.kind}, ${one.file}` }]))
    return [...[...unique.values()].sort(byValue), ...codes.map((value) => ({ value, description: 'a code' }))]
  }
}

function isMeant(source: Source, kind: string): boolean {
  switch (source) {
    case 'environments':
      return kind === 'Environment'
    case 'trainings':
      return kind === 'TrainingJob'
    case 'endpoints':
      return kind === 'ServingEndpoint'
    case 'specs':
    case 'specs and codes':
      return kind === 'TrainingJob' || kind === 'ServingEndpoint'
    case 'kinds':
      return false
  }
}

async function readNames(world: World, directory: string): Promise<readonly Named[]> {
  const { root } = await readSettings(directory, world.environment)
  const { files } = await readWorkingTree(root)
  const specs = files.filter(({ path }) => !isTemplatePath(path))
  return specs.slice(0, filesMax).flatMap((file) =>
    loadDocuments(file).documents.flatMap(({ value }) => {
      const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { name?: unknown } | null }
      const name = metadata?.name
      return typeof kind === 'string' && typeof name === 'string' ? [{ kind, name, file: file.path }] : []
    }),
  )
}

function byValue(left: Candidate, right: Candidate): number {
  return compareText(left.value, right.value)
}
