import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../../domain/canonical.ts'
import type { SourceFile } from '../../../domain/publication.ts'
import { type Identity, identityOf, isSame, isSettled } from './identity.ts'
import type { Known, KnownFile } from './recollection.ts'

/** How the files of a repository stand, beside what is known of them. Each is looked at before it is read. */
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
    const about = lstatSync(join(this.root, path), { throwIfNoEntry: false })
    // What a link leads to may change while the link stays.
    if (!about?.isFile()) return false
    const identity = identityOf(about)
    this.identities.set(path, identity)
    const leaf = this.known?.leaves.get(path)
    if (!leaf?.identity || !isSame(leaf.identity, identity) || !this.isAsWritten(leaf)) return false
    this.unchanged.set(path, leaf)
    return true
  }

  /** Takes a file for unchanged that was read, and has the bytes that are known. @returns whether it has */
  hasSame({ path, bytes }: SourceFile): boolean {
    const leaf = this.known?.leaves.get(path)
    if (leaf?.digest !== sha256(bytes) || !this.isAsWritten(leaf)) return false
    this.unchanged.set(path, { ...leaf, identity: this.identityOf(path) })
    return true
  }

  /** How a file stood before it was read; null where a change since then might not show. */
  identityOf(path: string): Identity | null {
    const identity = this.identities.get(path)
    return identity && isSettled(identity, this.began) ? identity : null
  }

  private isAsWritten({ told, outputs, part }: KnownFile): boolean {
    if (told) return false
    const { to } = this
    if (to === undefined) return true
    return (
      outputs?.every((identity, index) => {
        const about = statSync(join(to, part.outputs[index] ?? ''), { throwIfNoEntry: false })
        return about?.isFile() === true && isSame(identity, identityOf(about))
      }) ?? false
    )
  }
}
