import { compareText } from '../domain/problem.ts'

const few = 64

interface Named {
  readonly name: string
}

/**
 * Sorts a list in place by names, by code unit; what has the same name stays in its order. Variables are a few and stand nearly in order, and of
 * such the engine's own sort makes copies first. Comparing texts is what takes the time, so the place of what stands out of order is halved for.
 */
export function sortByName<One extends Named>(list: One[]): One[] {
  if (list.length > few) return list.sort((left, right) => compareText(left.name, right.name))
  for (let index = 1; index < list.length; index += 1) {
    const one = list[index] as One
    if ((list[index - 1] as One).name <= one.name) continue
    const to = placeOf(one.name, list, index)
    for (let at = index; at > to; at -= 1) list[at] = list[at - 1] as One
    list[to] = one
  }
  return list
}

/** Two lists in the order of names as one; of the same name what stands in the first comes first. */
export function mergedByName<One extends Named>(first: readonly One[], second: readonly One[]): One[] {
  const merged: One[] = []
  let next = 0
  for (const one of first) {
    for (let other = second[next]; other && other.name < one.name; other = second[next]) {
      merged.push(other)
      next += 1
    }
    merged.push(one)
  }
  for (; next < second.length; next += 1) merged.push(second[next] as One)
  return merged
}

/** Where among the first `count`, which are in order, a name belongs: behind those that are the same. */
function placeOf(name: string, list: readonly Named[], count: number): number {
  let [from, to] = [0, count - 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((list[middle] as Named).name > name) to = middle
    else from = middle + 1
  }
  return from
}
