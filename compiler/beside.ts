import { hasErrors, type Problem } from '../domain/problem.ts'
import type { Files } from '../domain/publication.ts'
import { compile } from './compile.ts'
import type { Aids, CompileInput, CompileResult } from './compile-types.ts'
import type { Beside, Part } from './parts.ts'
import { shapesFolder } from './shape/shapes.ts'

/*
 * Compiling some files beside others of which it is known what comes of them. Whoever asks answers for two things: all that is not a leaf, and
 * whatever else a compilation is given, is what it was when the others were compiled. Where the answer might be another than that of compiling
 * everything, there is none: a compilation of everything follows, which tells what is wrong in full.
 */

/** What is known after a compilation. */
export interface Learned {
  /** By the path of each file of specs. */
  readonly parts: ReadonlyMap<string, Part>
  /** Files that something is told of: they are compiled again each time. */
  readonly told: ReadonlySet<string>
  /** What is told and has no leaf among its places. Nobody knows which files have a part in it, so it has to stay just so. */
  readonly general: string
}

export interface Compiled {
  readonly problems: readonly Problem[]
  /** The files of what was compiled, and those that belong to no single spec. */
  readonly tree: Files
  /** Undefined where nothing of it can be taken for known. */
  readonly learned: Learned | undefined
}

/** What all leaves add together that are not compiled. */
export type Others = Omit<Part, 'isLeaf'>

/** A whole compilation, and what is known after it. */
export function compileAll(input: CompileInput, aids: Aids = {}): { result: CompileResult; learned?: Learned } {
  let parts: ReadonlyMap<string, Part> = new Map()
  const result = compile(input, { ...aids, learn: (learned) => (parts = learned) })
  const learned = result.tree ? learnedOf(input, result.problems, parts) : undefined
  return { result, ...(learned ? { learned } : {}) }
}

/**
 * Compiles sources beside leaves that are known.
 * @param input its sources are all that are no leaves, and the leaves that changed or that something was told of
 * @param others what every other leaf adds
 * @param general as it was when they were compiled
 * @returns undefined where only a compilation of everything can tell
 */
export function compileBeside(
  input: CompileInput,
  others: Others,
  general: string,
  aids: Aids = {},
): Compiled | undefined {
  const { result, learned } = compileAll(
    { ...input, deployed: withoutEntries(input.deployed, others), beside: besideOf(others) },
    aids,
  )
  const { tree, problems } = result
  if (!tree || hasErrors(problems) || learned?.general !== general) return undefined
  return meet([...learned.parts.values()], tree, others) ? undefined : { problems, tree, learned }
}

const nothing: Part = { isLeaf: true, names: [], addresses: [], folders: [], charts: [], entries: [], outputs: [] }

function learnedOf(
  { sources }: CompileInput,
  problems: readonly Problem[],
  found: ReadonlyMap<string, Part>,
): Learned | undefined {
  const paths = sources.map(({ path }) => path).filter((path) => !path.startsWith(shapesFolder))
  const parts = new Map(paths.map((path) => [path, found.get(path) ?? nothing]))
  const outputs = [...parts.values()].flatMap((part) => part.outputs)
  // Two of one path: whose file that is depends on both.
  if (new Set(outputs).size !== outputs.length) return undefined
  const told = new Set<string>()
  const general: Problem[] = []
  for (const one of problems) {
    const leaves = [one.where, ...(one.also ?? []).map(({ where }) => where)]
      .map(({ file }) => file)
      .filter((file) => parts.get(file)?.isLeaf)
    for (const file of leaves) told.add(file)
    if (leaves.length === 0) general.push(one)
  }
  return { parts, told, general: JSON.stringify(general) }
}

/** Each folder and version once. */
function besideOf(others: Others): Beside {
  const folders = new Map<string, Beside['folders'][number]>()
  for (const folder of others.folders) {
    const key = `${folder.environment}/${folder.project}`
    if (folder.queues || !folders.has(key)) folders.set(key, folder)
  }
  return { folders: [...folders.values()], charts: [...new Set(others.charts)] }
}

/** What is deployed, as if the others had never been compiled: their entries would look like those of specs that are gone. */
function withoutEntries(deployed: CompileInput['deployed'], { entries }: Others): CompileInput['deployed'] {
  if (deployed.files.size === 0) return deployed
  const files = new Map(deployed.files)
  for (const path of entries) files.delete(path)
  return { ...deployed, files }
}

/** Whether what was compiled and the others have a name, an address, an entry or a file in common. */
function meet(compiled: readonly Part[], tree: Files, { names, addresses, entries, outputs }: Others): boolean {
  const taken = new Set(compiled.flatMap((part) => [...part.names, ...part.addresses, ...part.entries]))
  const isTaken = (text: string): boolean => taken.has(text)
  return (
    names.some(isTaken) || addresses.some(isTaken) || entries.some(isTaken) || outputs.some((path) => tree.has(path))
  )
}
