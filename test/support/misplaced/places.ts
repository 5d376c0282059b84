import { judge } from './judge.ts'
import { meaningMutations } from './meaning-mutations.ts'
import type { Mutation } from './mutation.ts'
import { shapeMutations } from './shape-mutations.ts'
import { twoMistakes } from './two-mistakes.ts'
import { styles } from './write.ts'

export interface Places {
  /** How many mutated repositories were compiled. */
  readonly mutations: number
  /** Of how many every problem was told, exactly where it is, and nothing else. */
  readonly exact: number
  /** What went wrong with the others. */
  readonly faults: readonly string[]
}

export const allMutations = (): readonly Mutation[] => [...twoMistakes(), ...meaningMutations(), ...shapeMutations()]

/** Compiles every mutation, each in one style after the other. @param round shifts which style each is written in */
export function measurePlaces(mutations: readonly Mutation[], round = 0): Places {
  const faults: string[] = []
  let exact = 0
  mutations.forEach((mutation, index) => {
    const style = styles[(index + round) % styles.length]
    if (!style) return
    const wrong = judge(mutation, style)
    if (wrong.length === 0) exact += 1
    else faults.push(`${mutation.sentence} (${style.name}): ${wrong.join('; ')}`)
  })
  return { mutations: mutations.length, exact, faults }
}
