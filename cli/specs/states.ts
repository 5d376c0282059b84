import { resolve } from 'node:path'
import { Fault, isFault } from '../../domain/fault.ts'
import type { SourceRecord } from '../../domain/ledger.ts'
import { openRevisions, type Revisions } from '../../publisher/revisions.ts'
import type { Sources } from '../../publisher/source.ts'
import { specFolder } from '../../publisher/spec-repository.ts'
import { gitEnvironment } from '../house/environment.ts'
import { readSettings, type Settings, settingsFile, settingsFrom } from '../house/settings.ts'
import { UsageError, type World } from '../world.ts'

/** The specs as they stand somewhere: on the disk, or in a revision. */
export interface SpecsState extends Sources {
  /** As a person named it. */
  readonly label: string
  readonly source: SourceRecord
  readonly settings: Settings
}

export interface States {
  /** @throws Fault NOT_A_SPEC_REPOSITORY, SETTINGS_INVALID, GIT_FAILED */
  workingTree(): Promise<SpecsState>
  /** @throws Fault REVISION_UNKNOWN, NOT_A_SPEC_REPOSITORY, SETTINGS_INVALID, GIT_FAILED */
  at(revision: string): Promise<SpecsState>
  /** Where a branch began. @throws Fault REVISION_UNKNOWN */
  mergeBase(one: string, other: string): Promise<string>
  /** Whether a commit is here; others cannot be read. */
  has(commit: string): Promise<boolean>
}

/** The working tree, by the name that stands for it where a revision may stand. */
export const workingTreeName = '.'

/** States of the spec repository that a folder belongs to; nothing of it needs to be checked out where revisions alone are asked for. */
export function openStates(world: World, directory: string): States {
  const git = gitEnvironment(world.environment)
  let opened: Promise<{ readonly revisions: Revisions; readonly onDisk: Settings | undefined }> | undefined
  const open = () => {
    opened ??= (async () => {
      const onDisk = await readSettings(directory, world.environment).catch((error: unknown) => {
        if (isFault(error, 'NOT_A_SPEC_REPOSITORY')) return undefined
        throw error
      })
      return { revisions: await openRevisions(onDisk?.root ?? resolve(directory), git), onDisk }
    })()
    return opened
  }
  return {
    workingTree: async () => {
      const settings = await readSettings(directory, world.environment)
      const { descends: _descends, ...state } = await specFolder(settings.root, git).read()
      return { ...state, settings, label: 'the working tree' }
    },
    at: async (revision) => {
      const { revisions, onDisk } = await open()
      const read = await revisions.read(await revisions.resolve(revision))
      const settings = read.settings === null ? onDisk : settingsAt(revision, read.settings, read.root, world)
      if (!settings)
        throw new Fault('NOT_A_SPEC_REPOSITORY', `there is no ${settingsFile} in revision ${revision}`, {
          retry: 'never',
          hint: `a ${settingsFile} of two lines (apiVersion: specyard.dev/v1, kind: Settings) makes a folder a spec repository`,
        })
      const { root: _root, ...state } = read
      return { ...state, settings, label: revision }
    },
    mergeBase: async (one, other) => (await open()).revisions.mergeBase(one, other),
    has: async (commit) => {
      try {
        await (await open()).revisions.resolve(commit)
        return true
      } catch (error) {
        if (isFault(error, 'REVISION_UNKNOWN') || isFault(error, 'NOT_A_SPEC_REPOSITORY')) return false
        throw error
      }
    },
  }
}

/** A mistake in them is told with the revision: those on the disk may be fine. */
function settingsAt(revision: string, text: string, root: string, { environment }: World): Settings {
  try {
    return settingsFrom(text, root, environment)
  } catch (error) {
    if (!isFault(error, 'SETTINGS_INVALID')) throw error
    const { code, message, retry, hint } = error
    throw new Fault(code, `in revision ${revision}: ${message}`, { retry, ...(hint && { hint }), cause: error })
  }
}

/** What is compared with what: `base` is undefined for what is published. */
export interface Sides {
  readonly base: SpecsState | undefined
  readonly head: SpecsState
}

/**
 * Reads the sides of a comparison: nothing for the working tree against what is published, one revision for that against what is published,
 * two (also as `a..b`, or `a...b` for what b adds since it left a) for one against the other; `.` is the working tree.
 * @throws UsageError, Fault as `States`
 */
export async function readSides(states: States, words: readonly string[]): Promise<Sides> {
  if (words.length > 2) throw new UsageError('error: at most two revisions can be compared')
  if (words.some((word) => word.trim() === ''))
    throw new UsageError(
      'error: a revision has no name; write a commit, branch or tag, HEAD, or . for the working tree',
    )
  const read = (name: string): Promise<SpecsState> =>
    name === workingTreeName ? states.workingTree() : states.at(name === '' ? 'HEAD' : name)
  const [first = workingTreeName, second] = words
  const [, left, dots, right] = /^(.*?)(\.\.\.?)(.*)$/.exec(first === workingTreeName ? '' : first) ?? []
  if (second !== undefined) {
    if (dots !== undefined) throw new UsageError(`error: "${first}" names two revisions already`)
    const [base, head] = await Promise.all([read(first), read(second)])
    return { base, head }
  }
  if (left === undefined || right === undefined) return { base: undefined, head: await read(first) }
  const from = dots === '...' ? await states.mergeBase(left || 'HEAD', right || 'HEAD') : left
  const [base, head] = await Promise.all([read(from), read(right)])
  return { base: { ...base, label: left || 'HEAD' }, head }
}
