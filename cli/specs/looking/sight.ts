import { lstatSync, readFileSync, statSync } from 'node:fs'
import { sha256 } from '../../../domain/canonical.ts'
import type { SourceFile } from '../../../domain/publication.ts'
import { type Identity, identityOf, isSettled, isStanding } from './identity.ts'
import type { Known, KnownFile, KnownOutput } from './recollection.ts'

const quietly = { throwIfNoEntry: false } as const

/**
 * How the files of a repository stand, beside what is known of them. Each is looked at before it is read. Paths are put together by hand, because
 * to make each of thousands plain, as `join` does, takes a fifth of the time of the look itself; and nothing is made of what stands as it stood.
 */
export class Sight {
  /** Every path of a spec. */
  readonly paths: string[] = []
  /** Leaves that are what they were, with all that was written of them. */
  readonly unchanged = new Map<string, KnownFile>()
  private readonly identities = new Map<string, Identity>()
  private readonly known: Known | undefined
  private readonly root: string
  private readonly to: string | undefined
  private readonly began: number

  /** @param to the folder that the tree is written to, where it is. @param began now, milliseconds */
  constructor(root: string, to: string | undefined, known: Known | undefined, began: number) {
    this.root = root
    this.to = to
    this.known = known
    this.began = began
  }

  /** Whether a file need not be read. */
  isKnown(path: string): boolean {
    this.paths.push(path)
    const about = lstatSync(`${this.root}/${path}`, quietly)
    // What a link leads to may change while the link stays.
    if (!about?.isFile()) return false
    const leaf = this.known?.leaves.get(path)
    if (leaf?.identity && isStanding(leaf.identity, about) && this.take(path, leaf, leaf.identity)) return true
    this.identities.set(path, identityOf(about))
    return false
  }

  /** Takes a file for unchanged that was read, and has the bytes that are known. @returns whether it has */
  hasSame({ path, bytes }: SourceFile): boolean {
    const leaf = this.known?.leaves.get(path)
    return leaf?.digest === sha256(bytes) && this.take(path, leaf, this.identityOf(path))
  }

  /** How a file stood before it was read; null where a change since then might not show. */
  identityOf(path: string): Identity | null {
    const identity = this.identities.get(path)
    return identity && isSettled(identity, this.began) ? identity : null
  }

  private take(path: string, leaf: KnownFile, identity: Identity | null): boolean {
    const outputs = leaf.told ? undefined : this.standing(leaf)
    if (!outputs) return false
    const isNothingNew = outputs === leaf.outputs && identity === leaf.identity
    this.unchanged.set(path, isNothingNew ? leaf : { ...leaf, identity, outputs })
    return true
  }

  /** How the files of a leaf stand now: the same list where nothing more is known of any; undefined where one is not as it was written. */
  private standing({ outputs, part }: KnownFile): KnownFile['outputs'] | undefined {
    const { to } = this
    if (to === undefined) return outputs
    let better: KnownOutput[] | undefined
    for (const [index, known] of outputs.entries()) {
      const file = `${to}/${part.outputs[index] ?? ''}`
      const about = statSync(file, quietly)
      if (!about?.isFile()) return undefined
      if (typeof known !== 'string') {
        if (!isStanding(known, about)) return undefined
        continue
      }
      if (known !== sha256(readFileSync(file))) return undefined
      const identity = identityOf(about)
      if (isSettled(identity, this.began)) (better ??= [...outputs])[index] = identity
    }
    return better ?? outputs
  }
}
