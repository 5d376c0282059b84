import { compileAll, compileBeside, type Learned } from '../../../compiler/beside.ts'
import { compile } from '../../../compiler/compile.ts'
import type { Aids, CompileInput } from '../../../compiler/compile-types.ts'
import { sha256 } from '../../../domain/canonical.ts'
import type { SourceRecord } from '../../../domain/ledger.ts'
import { compareProblems, compareText, hasErrors, type Problem } from '../../../domain/problem.ts'
import type { Deployed, Files, SourceFile } from '../../../domain/publication.ts'
import { readWorkingTree, type Sources } from '../../../publisher/source.ts'
import { isTemplatePath } from '../../../publisher/spec-files.ts'
import type { Settings } from '../../house/settings.ts'
import { deadline } from '../aids.ts'
import { compileInput } from '../compile-input.ts'
import { type Identity, isOnOwnDisk, isSettled } from './identity.ts'
import type { Known, KnownFile, KnownOutput, Recollection } from './recollection.ts'
import { digestOfRest } from './rest.ts'
import { Sight } from './sight.ts'

/*
 * Compiling a working tree for somebody who only looks. What is known from the last time of files that have not changed since is taken for
 * granted, and the others are compiled beside them. Where that does not tell everything, everything is read and compiled.
 */

export interface Asking {
  readonly settings: Settings
  /** Folder that the tree will be written to; left out where it is not. */
  readonly to?: string
  readonly deployed: () => Promise<Deployed>
  /** The commit that plans are of: asked where policies see it, for nothing else that is looked at has it. */
  readonly source: () => Promise<SourceRecord>
  readonly recollection: Recollection | undefined
  /** What helps to compile so many files. */
  readonly aids: (files: number) => Aids & { save?: () => void }
  /** Milliseconds, of the clock that files have their times from. */
  readonly clock?: () => number
}

export interface Looked {
  /** In the order of places. */
  readonly problems: readonly Problem[]
  /** Of every spec and template that there is. */
  readonly paths: readonly string[]
  /** The files that were read: all those that problems name are among them. */
  readonly files: readonly SourceFile[]
  /** Files that are not known to stand as they should; null when there are errors. */
  readonly tree: Files | null
  /** How many files are known to stand as they should. */
  readonly standing: number
  /** Keeps what is known now for the next time. @param written how the files of the tree stand */
  remember(written: ReadonlyMap<string, Identity>): void
}

/** @throws Fault NOT_A_SPEC_REPOSITORY, and as `Asking` does */
export async function look(asking: Asking): Promise<Looked> {
  const deployed = asking.deployed()
  // Git is asked while files are read; nobody is there yet to hear of what goes wrong.
  deployed.catch(() => undefined)
  const known = asking.recollection?.load()
  const began = (asking.clock ?? Date.now)()
  const sight = new Sight(asking.settings.root, asking.to, known, began)
  const end = asking.to === undefined ? () => true : asking.recollection?.begin()
  try {
    const { next, ...told } = await answer(asking, known, sight, deployed)
    if (!next) end?.()
    return {
      ...told,
      remember: (written) => {
        if (!next || end?.() !== true || !isOnOwnDisk(asking.to ?? asking.settings.root)) return
        const now = (asking.clock ?? Date.now)()
        const knowing = next((path) => standingOf(written.get(path), told.tree?.get(path) ?? '', now))
        if (knowing !== known) asking.recollection?.save(knowing)
      },
    }
  } catch (error) {
    end?.()
    throw error
  }
}

async function answer(
  asking: Asking,
  known: Known | undefined,
  sight: Sight,
  deployed: Promise<Deployed>,
): Promise<Answer> {
  const tree = await readWorkingTree(asking.settings.root, (path) => sight.isKnown(path))
  const isSound = tree.problems.length === 0
  const beside = known && isSound ? await lookBeside(asking, known, sight, tree, await deployed) : undefined
  return beside ?? lookAtAll(asking, sight, tree, await deployed)
}

type Answer = Omit<Looked, 'remember'> & {
  /** What is known after it; left out where nothing is. */
  readonly next?: (stands: (path: string) => KnownOutput) => Known
}

/** Compiles what changed beside what did not; undefined where that does not tell everything. */
async function lookBeside(
  asking: Asking,
  known: Known,
  sight: Sight,
  tree: Sources,
  deployed: Deployed,
): Promise<Answer | undefined> {
  const files = tree.files.filter((file) => !sight.hasSame(file))
  const input = await inputOf(asking, { ...tree, files }, deployed)
  const shared = sharedOf(input, known.shared)
  if (digestOfRest(input, shared) !== known.rest) return undefined
  const others = [...sight.unchanged.values()].map(({ part }) => part)
  const compiled = compileBeside(input, others, known.general, { pulse: deadline() })
  if (!compiled?.learned) return undefined
  const { learned, problems } = compiled
  const isShared = new Set(known.shared)
  for (const [path, { isLeaf }] of learned.parts) if (isLeaf === isShared.has(path)) return undefined
  return {
    ...{ problems, files, tree: compiled.tree },
    paths: [...sight.unchanged.keys(), ...files.map(({ path }) => path)].sort(compareText),
    standing: others.reduce((sum, { outputs }) => sum + outputs.length, 0),
    next: (stands) => {
      const leaves = new Map([...sight.unchanged, ...leavesOf(learned, files, sight, asking, stands)])
      return isWorthKeeping(leaves, known) ? { ...known, leaves } : known
    },
  }
}

async function lookAtAll(asking: Asking, sight: Sight, read: Sources, deployed: Deployed): Promise<Answer> {
  const tree = sight.unchanged.size === 0 ? read : await readWorkingTree(asking.settings.root)
  const { files } = tree
  const input = await inputOf(asking, tree, deployed)
  const aids = asking.aids(files.length)
  const { result, learned } = asking.recollection
    ? compileAll(input, aids)
    : { result: compile(input, aids), learned: undefined }
  aids.save?.()
  const problems = [...tree.problems, ...result.problems].sort(compareProblems)
  const paths = files.map(({ path }) => path)
  const answer = { problems, paths, files, tree: hasErrors(problems) ? null : result.tree, standing: 0 }
  if (!learned || tree.problems.length > 0) return answer
  const shared = [...learned.parts].filter(([, { isLeaf }]) => !isLeaf).map(([path]) => path)
  const rest = digestOfRest(input, sharedOf(input, shared))
  const { general } = learned
  return {
    ...answer,
    next: (stands) => ({ rest, shared, general, leaves: leavesOf(learned, files, sight, asking, stands) }),
  }
}

/** Everything that a compilation of files is given. */
async function inputOf(
  { settings, source }: Asking,
  { files, settingsSource }: Sources,
  deployed: Deployed,
): Promise<CompileInput> {
  const input = await compileInput(settings, { files, source: nowhere, ...(settingsSource ? { settingsSource } : {}) })
  return { ...input, deployed, ...(input.judge ? { source: await source() } : {}) }
}

const nowhere: SourceRecord = { format: 1, repository: null, commit: null, dirty: true }

function sharedOf({ sources }: CompileInput, shared: readonly string[]): readonly SourceFile[] {
  const paths = new Set(shared)
  return sources.filter(({ path }) => paths.has(path) || isTemplatePath(path))
}

/** What is known of the leaves among files that were compiled. */
function leavesOf(
  { parts, told }: Learned,
  files: readonly SourceFile[],
  sight: Sight,
  { to }: Asking,
  stands: (path: string) => KnownOutput,
): ReadonlyMap<string, KnownFile> {
  const leaves = new Map<string, KnownFile>()
  for (const { path, bytes } of files) {
    const part = parts.get(path)
    if (!part?.isLeaf) continue
    leaves.set(path, {
      digest: sha256(bytes),
      identity: sight.identityOf(path),
      part,
      told: told.has(path),
      outputs: to === undefined ? [] : part.outputs.map(stands),
    })
  }
  return leaves
}

function standingOf(identity: Identity | undefined, text: string, now: number): KnownOutput {
  return identity && isSettled(identity, now) ? identity : sha256(text)
}

/** Writing down what is known takes as long as compiling one file of two hundred again: a few that changed stay as they were known before. */
const changedLeastShare = 1 / 200
/** What has to be read again, because a change might not have shown when it was looked at, takes so much of the time of what is compiled again. */
const readShare = 1 / 30

/** Whether what is known of leaves now is so much more than before that it pays to write it down. */
export function isWorthKeeping(leaves: Known['leaves'], known: Pick<Known, 'leaves'>): boolean {
  let changed = 0
  for (const [path, leaf] of leaves) {
    const before = known.leaves.get(path)
    if (before !== leaf) changed += before?.part === leaf.part ? readShare : 1
  }
  for (const path of known.leaves.keys()) if (!leaves.has(path)) changed += 1
  return changed > leaves.size * changedLeastShare
}
