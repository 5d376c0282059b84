import { compareText } from '../domain/problem.ts'

const few = 64

/**
 * Sorts a list in place by names, by code unit; what has the same name stays in its order. Variables are a few and stand nearly in order, and of
 * such the engine's own sort makes copies first.
 */
export function sortByName<Named extends { readonly name: string }>(list: Named[]): Named[] {
  if (list.length > few) return list.sort((left, right) => compareText(left.name, right.name))
  for (let index = 1; index < list.length; index += 1) {
    const one = list[index] as Named
    let to = index
    for (let before = list[to - 1]; before && before.name > one.name; before = list[to - 1]) {
      list[to] = before
      to -= 1
    }
    list[to] = one
  }
  return list
}
