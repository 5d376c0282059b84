import { compileAll, compileBeside, type Learned } from '../../../compiler/beside.ts'
import { compile } from '../../../compiler/compile.ts'
import type { Aids, CompileInput } from '../../../compiler/compile-types.ts'
import { sha256 } from '../../../domain/canonical.ts'
import type { SourceRecord } from '../../../domain/ledger.ts'
import { compareProblems, compareText, hasErrors, type Problem } from '../../../domain/problem.ts'
import type { Deployed, Files, SourceFile } from '../../../domain/publication.ts'
import { filesRead, readWorkingTree, type Sources } from '../../../publisher/source.ts'
import { isTemplatePath } from '../../../publisher/spec-files.ts'
import type { Settings } from '../../house/settings.ts'
import { deadline } from '../aids.ts'
import { compileInput } from '../compile-input.ts'
import { type Identity, isOnOwnDisk, isSettled, newestOf } from './identity.ts'
import type { KnownFile, KnownFiles, KnownLeaves, KnownOutput } from './leaves.ts'
import type { Known, Knowing, Recollection } from './recollection.ts'
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
  /** Files of the tree that are known to stand as they should, and are not in it here. */
  readonly standing: readonly string[]
  /**
   * Files that nothing makes now and that were there the last time, or were made then of what is gone or changed: some may be gone themselves.
   * Undefined where that is not known.
   */
  readonly replaced?: readonly string[]
  /**
   * Keeps what is known now for the next time.
   * @param written how the files of the tree stand
   * @param left files that were found beside them
   */
  remember(written: ReadonlyMap<string, Identity>, left?: readonly string[]): void
}

/** @throws Fault NOT_A_SPEC_REPOSITORY, and as `Asking` does */
export async function look(asking: Asking): Promise<Looked> {
  const deployed = asking.deployed()
  // Git is asked while files are read; nobody is there yet to hear of what goes wrong.
  deployed.catch(() => undefined)
  const known = asking.recollection?.load()
  const began = (asking.clock ?? Date.now)()
  const sight = new Sight(asking.settings.root, asking.to, known?.leaves, began)
  const end = asking.to === undefined ? () => true : asking.recollection?.begin()
  try {
    const { next, ...told } = await answer(asking, known, sight, deployed)
    if (!next) end?.()
    return {
      ...told,
      remember: (written, left = []) => {
        const knowing = isOnOwnDisk(asking.to ?? asking.settings.root) ? next?.() : undefined
        const newest = newestOf(written.values())
        const stands = (path: string, at: number): KnownOutput => {
          const identity = written.get(path)
          return identity && isSettled(identity, at, newest) ? identity : sha256(told.tree?.get(path) ?? '')
        }
        const ended = (): number | undefined => {
          const at = (asking.clock ?? Date.now)()
          return end?.() === true ? at : undefined
        }
        if (knowing)
          asking.recollection?.save(
            { ...knowing, others: [...left, ...sharedOutputs(told.tree, knowing.leaves)] },
            ended,
            asking.to === undefined ? undefined : stands,
          )
        else end?.()
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
  /** What is to be known after it: undefined where that does not pay. Left out where nothing may be. */
  readonly next?: () => Omit<Knowing, 'others'> | undefined
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
  const others = known.leaves.together(new Set(sight.unchanged.values()))
  const compiled = compileBeside(input, others, known.general, { pulse: deadline() })
  if (!compiled?.learned) return undefined
  const { learned, problems } = compiled
  const isShared = new Set(known.shared)
  for (const [path, { isLeaf }] of learned.parts) if (isLeaf === isShared.has(path)) return undefined
  return {
    ...{ problems, files: filesRead({ ...tree, files }), tree: compiled.tree },
    paths: [...sight.unchanged.keys(), ...files.map(({ path }) => path)].sort(compareText),
    standing: others.outputs,
    replaced: [...known.others, ...outputsOfOthers(known.leaves, sight)].filter((path) => !compiled.tree.has(path)),
    next: () => {
      const leaves = leavesOf(learned, files, sight)
      if (!isWorthKeeping(differenceOf(known.leaves, sight, leaves))) return undefined
      const before = [...sight.unchanged].map(
        ([path, leaf]) => [path, known.leaves.fileOf(leaf, sight.renewed)] as const,
      )
      return { ...known, leaves: new Map([...before, ...leaves]) }
    },
  }
}

/** What was made of leaves that are not what they were. */
function outputsOfOthers({ numbers, outputs }: KnownLeaves, { unchanged }: Sight): readonly string[] {
  if (unchanged.size === numbers.size) return []
  const still = new Set(unchanged.values())
  return [...numbers.values()].flatMap((leaf) => (still.has(leaf) ? [] : outputs.of(leaf)))
}

/** Files of a tree that belong to no single spec. */
function sharedOutputs(tree: Files | null, leaves: KnownFiles): readonly string[] {
  const own = new Set([...leaves.values()].flatMap(({ part }) => part.outputs))
  return [...(tree?.keys() ?? [])].filter((path) => !own.has(path))
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
  const sound = hasErrors(problems) ? null : result.tree
  const answer = { problems, paths, files: filesRead(tree), tree: sound, standing: [] }
  if (!learned || tree.problems.length > 0) return answer
  const shared = [...learned.parts].filter(([, { isLeaf }]) => !isLeaf).map(([path]) => path)
  const rest = digestOfRest(input, sharedOf(input, shared))
  const { general } = learned
  return {
    ...answer,
    next: () => ({ rest, shared, general, leaves: leavesOf(learned, files, sight) }),
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
function leavesOf({ parts, told }: Learned, files: readonly SourceFile[], sight: Sight): KnownFiles {
  const leaves = new Map<string, KnownFile>()
  for (const { path, bytes } of files) {
    const part = parts.get(path)
    if (!part?.isLeaf) continue
    leaves.set(path, { digest: sha256(bytes), identity: sight.identityOf(path), part, told: told.has(path) })
  }
  return leaves
}

/** Writing down what is known takes as long as compiling one file of two hundred again: a few that changed stay as they were known before. */
const changedLeastShare = 1 / 200
/** What has to be read again, because a change might not have shown when it was looked at, takes so much of the time of what is compiled again. */
const readShare = 1 / 30

/** What is known of leaves now, beside what was known before. */
export interface Difference {
  readonly leaves: number
  /** Leaves that were compiled. */
  readonly compiled: number
  /** Leaves that are no more. */
  readonly gone: number
  /** Files that stand otherwise than they did, and hold what they held. */
  readonly read: number
}

function differenceOf(known: KnownLeaves, { unchanged, renewed }: Sight, compiled: KnownFiles): Difference {
  const again = [...compiled.keys()].filter((path) => known.numbers.has(path)).length
  return {
    leaves: unchanged.size + compiled.size,
    compiled: compiled.size,
    gone: known.numbers.size - unchanged.size - again,
    read: renewed.size,
  }
}

/** Whether that is so much more that it pays to write it down. */
export function isWorthKeeping({ leaves, compiled, gone, read }: Difference): boolean {
  return compiled + gone + read * readShare > leaves * changedLeastShare
}
