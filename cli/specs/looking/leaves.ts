import type { Others } from '../../../compiler/beside.ts'
import type { JobsFolder, Part } from '../../../compiler/parts.ts'
import type { Identity } from './identity.ts'
import { Lists, type WrittenLists, writtenLists } from './lists.ts'
import { Standing } from './standing.ts'

/*
 * What is known of leaves, in columns: of ten thousand specs that stand as they stood nothing is made, neither when this is read nor later. A leaf
 * has its number in all of them.
 */

/** What was seen of a file of specs, and what came of it. */
export interface KnownFile {
  /** SHA-256 of its bytes, hexadecimal. */
  readonly digest: string
  /** Null where it has to be read again. */
  readonly identity: Identity | null
  readonly part: Part
  /** Something is told of it, each time. */
  readonly told: boolean
  /** The files that were written of it, in the order of the part's outputs; left out where that was just now, or is not done. */
  readonly outputs?: readonly KnownOutput[]
}

/** How a file stood that was written, or the digest of its bytes where a change since then might not show. */
export type KnownOutput = Identity | string

/** By path. */
export type KnownFiles = ReadonlyMap<string, KnownFile>

const columns = ['names', 'addresses', 'folders', 'charts', 'entries', 'outputs'] as const
type Column = (typeof columns)[number]

/** Everything but how files stood. */
export interface WrittenLeaves {
  readonly parts: Readonly<Record<Column, WrittenLists>>
  /** A single list. */
  readonly paths: WrittenLists
  /** One after the other. */
  readonly digests: string
  /** Those that something is told of. */
  readonly told: readonly number[]
}

export interface WrittenStanding {
  /** Of all leaves, and then of all their outputs, as `Standing` writes it. */
  readonly standing: string
  /** Outputs, by their number among all, that are known by their digest. */
  readonly byDigest: readonly (readonly [output: number, digest: string])[]
}

const digestLength = 64

/** @returns undefined where a text in it cannot be written so */
export function writtenLeaves(leaves: KnownFiles): WrittenLeaves | undefined {
  const files = [...leaves.values()]
  const parts: Partial<Record<Column, WrittenLists>> = {}
  for (const column of columns) {
    const written = writtenLists(files.map(({ part }) => textsOf(part, column)))
    if (!written) return undefined
    parts[column] = written
  }
  const paths = writtenLists([[...leaves.keys()]])
  return (
    paths && {
      parts: parts as WrittenLeaves['parts'],
      paths,
      digests: files.map(({ digest }) => digest).join(''),
      told: files.flatMap(({ told }, leaf) => (told ? [leaf] : [])),
    }
  )
}

function textsOf(part: Part, column: Column): readonly string[] {
  return column === 'folders' ? part.folders.map(folderText) : part[column]
}

/** @param stands how a file stands that was written just now; undefined where none are written */
export function writtenStanding(
  leaves: KnownFiles,
  stands: ((path: string) => KnownOutput) | undefined,
): WrittenStanding {
  const files = [...leaves.values()]
  const outputs = stands ? files.flatMap((file) => file.outputs ?? file.part.outputs.map(stands)) : []
  return {
    standing: Standing.write([
      ...files.map(({ identity }) => identity),
      ...outputs.map((output) => (typeof output === 'string' ? null : output)),
    ]),
    byDigest: outputs.flatMap((known, output) => (typeof known === 'string' ? [[output, known] as const] : [])),
  }
}

export class KnownLeaves {
  /** Their number by path. */
  readonly numbers: ReadonlyMap<string, number>
  readonly outputs: Lists
  /** Of each leaf by its number, and of each output by the number of its place. */
  readonly standing: Standing
  private readonly parts: Readonly<Record<Column, Lists>>
  private readonly digests: string
  private readonly told: ReadonlySet<number>
  private readonly byDigest: ReadonlyMap<number, string>

  constructor({ parts, paths, digests, told, standing, byDigest }: WrittenLeaves & WrittenStanding) {
    this.numbers = new Map(new Lists(paths).all.map((path, leaf) => [path, leaf]))
    this.parts = Object.fromEntries(columns.map((column) => [column, new Lists(parts[column])])) as Record<
      Column,
      Lists
    >
    this.outputs = this.parts.outputs
    this.standing = new Standing(standing)
    this.digests = digests
    this.told = new Set(told)
    this.byDigest = new Map(byDigest)
  }

  isTold(leaf: number): boolean {
    return this.told.has(leaf)
  }

  digestOf(leaf: number): string {
    return this.digests.slice(leaf * digestLength, (leaf + 1) * digestLength)
  }

  /** @param output its number among all outputs */
  placeOf(output: number): number {
    return this.numbers.size + output
  }

  /** Undefined where it is known by how it stands. @param output its number among all outputs */
  digestOfOutput(output: number): string | undefined {
    return this.byDigest.get(output)
  }

  /** What some leaves add together: each folder and chart once. */
  together(leaves: ReadonlySet<number>): Others {
    const others = [...this.numbers.values()].filter((leaf) => !leaves.has(leaf))
    const of = (column: Column): readonly string[] => this.parts[column].without(others)
    return {
      names: of('names'),
      addresses: of('addresses'),
      folders: [...new Set(of('folders'))].map(folderOf),
      charts: [...new Set(of('charts'))],
      entries: of('entries'),
      outputs: of('outputs'),
    }
  }

  /** What is known of a leaf. @param renewed how files stand now, by the numbers of their places */
  fileOf(leaf: number, renewed: ReadonlyMap<number, Identity | null>): KnownFile {
    const identityAt = (place: number): Identity | null => {
      const now = renewed.get(place)
      return now === undefined ? this.standing.of(place) : now
    }
    const of = (column: Column): readonly string[] => this.parts[column].of(leaf)
    const outputs = of('outputs').map((_path, index) => {
      const output = this.outputs.from(leaf) + index
      return identityAt(this.placeOf(output)) ?? this.byDigest.get(output) ?? ''
    })
    return {
      digest: this.digestOf(leaf),
      identity: identityAt(leaf),
      part: {
        isLeaf: true,
        names: of('names'),
        addresses: of('addresses'),
        folders: of('folders').map(folderOf),
        charts: of('charts'),
        entries: of('entries'),
        outputs: of('outputs'),
      },
      told: this.told.has(leaf),
      outputs,
    }
  }
}

/** Names have no spaces. */
function folderText({ environment, project, queues }: JobsFolder): string {
  return `${environment} ${project} ${queues ? 'queues' : ''}`
}

function folderOf(text: string): JobsFolder {
  const [environment = '', project = '', queues] = text.split(' ')
  return { environment, project, queues: queues === 'queues' }
}
