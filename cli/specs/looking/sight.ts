import { lstatSync, readFileSync, statSync } from 'node:fs'
import { sha256 } from '../../../domain/canonical.ts'
import type { SourceFile } from '../../../domain/publication.ts'
import { type Identity, identityOf, isSettled } from './identity.ts'
import type { KnownLeaves } from './leaves.ts'

const quietly = { throwIfNoEntry: false } as const

/**
 * How the files of a repository stand, beside what is known of them. Each is looked at before it is read. Paths are put together by hand, because
 * to make each of thousands plain, as `join` does, takes a fifth of the time of the look itself; and nothing is made of what stands as it stood.
 */
export class Sight {
  /** The numbers of leaves that are what they were, with all that was written of them, by path. */
  readonly unchanged = new Map<string, number>()
  /** How files stand of which that is not what is known, by the numbers of their places: null where a change since then might not show. */
  readonly renewed = new Map<number, Identity | null>()
  private readonly identities = new Map<string, Identity>()
  private readonly known: KnownLeaves | undefined
  private readonly root: string
  private readonly to: string | undefined
  private readonly began: number

  /** @param to the folder that the tree is written to, where it is. @param began now, milliseconds */
  constructor(root: string, to: string | undefined, known: KnownLeaves | undefined, began: number) {
    this.root = root
    this.to = to
    this.known = known
    this.began = began
  }

  /** Whether a file need not be read. */
  isKnown(path: string): boolean {
    const about = lookAt(() => lstatSync(`${this.root}/${path}`, quietly))
    // What a link leads to may change while the link stays.
    if (!about?.isFile()) return false
    const leaf = this.known?.numbers.get(path)
    if (leaf !== undefined && this.known?.standing.isAt(leaf, about) && this.take(path, leaf, this.known)) return true
    this.identities.set(path, identityOf(about))
    return false
  }

  /** Takes a file for unchanged that was read, and has the bytes that are known. @returns whether it has */
  hasSame({ path, bytes }: SourceFile): boolean {
    const { known } = this
    const leaf = known?.numbers.get(path)
    if (!known || leaf === undefined || known.digestOf(leaf) !== sha256(bytes)) return false
    if (!this.take(path, leaf, known)) return false
    const identity = this.identityOf(path)
    if (identity || known.standing.of(leaf)) this.renewed.set(leaf, identity)
    return true
  }

  /** How a file stood before it was read; null where a change since then might not show. */
  identityOf(path: string): Identity | null {
    const identity = this.identities.get(path)
    return identity && isSettled(identity, this.began) ? identity : null
  }

  private take(path: string, leaf: number, known: KnownLeaves): boolean {
    if (known.isTold(leaf) || !this.areStanding(leaf, known)) return false
    this.unchanged.set(path, leaf)
    return true
  }

  /** Whether all files of a leaf are as they were written. */
  private areStanding(leaf: number, known: KnownLeaves): boolean {
    if (this.to === undefined) return true
    const { outputs } = known
    for (let output = outputs.from(leaf); output < outputs.to(leaf); output += 1) {
      const file = `${this.to}/${outputs.all[output] ?? ''}`
      const about = lookAt(() => statSync(file, quietly))
      if (about && known.standing.isAt(known.placeOf(output), about)) continue
      if (!about?.isFile() || !holds(file, known.digestOfOutput(output))) return false
      const identity = identityOf(about)
      if (isSettled(identity, this.began)) this.renewed.set(known.placeOf(output), identity)
    }
    return true
  }
}

/** What cannot be looked at or read is not known: whoever reads or writes it then says why. */
function lookAt<Value>(work: () => Value): Value | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function holds(file: string, digest: string | undefined): boolean {
  return digest !== undefined && lookAt(() => sha256(readFileSync(file))) === digest
}
