import type { Stats } from 'node:fs'
import type { Identity } from './identity.ts'

const numbersOfOne = 4
/** Equal to nothing, not even to itself. */
const unknown = [NaN, NaN, NaN, NaN] as const

/**
 * How many files stood, each known by its number: as numbers and nothing else, of which none has to be read as text. On a machine with another order
 * of bytes no file stands so.
 */
export class Standing {
  private readonly numbers: Float64Array

  constructor(written: string) {
    // A copy begins where numbers may begin.
    this.numbers = new Float64Array(new Uint8Array(Buffer.from(written, 'base64')).buffer)
  }

  /** @param identities null where a file is not known by how it stands */
  static write(identities: readonly (Identity | null)[]): string {
    const numbers = new Float64Array(identities.length * numbersOfOne)
    for (const [file, identity] of identities.entries()) numbers.set(identity ?? unknown, file * numbersOfOne)
    return Buffer.from(numbers.buffer).toString('base64')
  }

  /** Whether a file stands as it stood. */
  isAt(file: number, { size, mtimeMs, ctimeMs, ino }: Stats): boolean {
    const { numbers } = this
    const from = file * numbersOfOne
    return (
      numbers[from] === size &&
      numbers[from + 1] === mtimeMs &&
      numbers[from + 2] === ctimeMs &&
      numbers[from + 3] === ino
    )
  }

  /** Null where it is not known. */
  of(file: number): Identity | null {
    const from = file * numbersOfOne
    const [size = NaN, modified = NaN, changed = NaN, number = NaN] = this.numbers.subarray(from, from + numbersOfOne)
    return Number.isNaN(size) ? null : [size, modified, changed, number]
  }
}
