/*
 * A list of texts for each of many files, all in one text: a value is made of that one, and of a list only where it is asked for. What V8 makes of
 * thousands of small values stays in memory, and is moved there.
 */

/** Stands in no path of a spec, being a control character; and JSON has no escape for it, which would be read one by one. */
const separator = '\x7f'

/** Lists of texts as they are written down. */
export interface WrittenLists {
  /** One after the other, with the separator between them. */
  readonly joined: string
  /** How many texts there are up to the end of each list. */
  readonly ends: readonly number[]
}

/** @returns undefined where a text has the separator in it */
export function writtenLists(lists: Iterable<readonly string[]>): WrittenLists | undefined {
  const all: string[] = []
  const ends: number[] = []
  for (const list of lists) {
    for (const text of list) all.push(text)
    ends.push(all.length)
  }
  const joined = all.join(separator)
  const isParted = joined.split(separator).length === Math.max(1, all.length)
  return isParted ? { joined, ends } : undefined
}

export class Lists {
  private readonly written: WrittenLists
  private texts: readonly string[] | undefined

  constructor(written: WrittenLists) {
    this.written = written
  }

  /** The texts of all lists, one after the other. */
  get all(): readonly string[] {
    const { joined, ends } = this.written
    return (this.texts ??= ends.at(-1) ? joined.split(separator) : [])
  }

  /** The number of a list's first text among all. */
  from(list: number): number {
    return this.written.ends[list - 1] ?? 0
  }

  /** The number of the first text after it. */
  to(list: number): number {
    return this.written.ends[list] ?? 0
  }

  of(list: number): readonly string[] {
    return this.all.slice(this.from(list), this.to(list))
  }

  /** The texts of all lists but some, one after the other. @param lists in ascending order */
  without(lists: readonly number[]): readonly string[] {
    const pieces: (readonly string[])[] = []
    let from = 0
    for (const list of lists) {
      pieces.push(this.all.slice(from, this.from(list)))
      from = this.to(list)
    }
    return ([] as readonly string[]).concat(...pieces, this.all.slice(from))
  }
}
