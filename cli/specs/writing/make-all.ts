/*
 * Making many files, or folders. Mostly it takes so little time that to hand each to another thread would take longer. But there are disks and moments
 * where the file system is slow to find room for a new one (ext4 passes over each number that was freed in the last minutes, one by one, for each file
 * that it makes), and then several are made at once.
 */

export interface Kind<Item> {
  /** Makes one, and waits for it. */
  make(item: Item): void
  /** Has another thread make one. @param end told how it ended; called once */
  begin(item: Item, end: (failure: Error | undefined) => void): void
  /** Two of one group cannot be made at the same time: the file system has them wait. */
  groupOf(item: Item): string
}

/** Looked at so many at a time. */
const some = 16
/** From here on a thread costs less than it saves. */
export const slowMicroseconds = 150
/** As many threads as Node has for files, and as many waiting. */
const atOnce = 8

/** @throws Error the first that making one threw or ended with; nothing is under way any more by then */
export async function makeAll<Item>(items: readonly Item[], kind: Kind<Item>, slow = slowMicroseconds): Promise<void> {
  let began = microseconds()
  for (const [index, item] of items.entries()) {
    kind.make(item)
    if ((index + 1) % some !== 0) continue
    const now = microseconds()
    if (now - began > some * slow) return makeAtOnce(inTurn(items.slice(index + 1), kind), kind)
    began = now
  }
}

function makeAtOnce<Item>(items: readonly Item[], kind: Kind<Item>): Promise<void> {
  return new Promise((resolve, reject) => {
    let [next, running] = [0, 0]
    let failed: Error | undefined
    const go = (): void => {
      while (running < atOnce && next < items.length && !failed) {
        running += 1
        const item = items[next] as Item
        next += 1
        kind.begin(item, (failure) => {
          running -= 1
          failed ??= failure
          go()
        })
      }
      if (running > 0) return
      if (failed) reject(failed)
      else resolve()
    }
    go()
  })
}

/** One of each group, then the next of each. */
function inTurn<Item>(items: readonly Item[], { groupOf }: Kind<Item>): readonly Item[] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groupOf(item)
    const of = groups.get(group)
    if (of) of.push(item)
    else groups.set(group, [item])
  }
  const turns: Item[] = []
  for (let turn = 0; turns.length < items.length; turn += 1)
    for (const group of groups.values()) if (turn < group.length) turns.push(group[turn] as Item)
  return turns
}

/** Of a clock that runs evenly. */
function microseconds(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000_000 + nanoseconds / 1_000
}
