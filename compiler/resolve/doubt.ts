import type { Place, Problem } from '../../domain/problem.ts'
import type { Locator } from '../validate/explain.ts'

/** Of a value that was made to fit its schema: which of its places are those of something that nobody wrote. */
export interface Doubt {
  readonly locate: Locator['locate']
  readonly locateKey: Locator['locateKey']
  /** Those problems in which nothing has a part that nobody wrote. */
  certain(problems: readonly Problem[]): readonly Problem[]
}

/**
 * Gives the places of a repaired value, and notes which of them are doubtful.
 * @param invented JSON pointers of what nobody wrote so
 */
export function doubting(at: Pick<Locator, 'locate' | 'locateKey'>, invented: readonly string[]): Doubt {
  const doubtful = new Set<Place>()
  const isInvented = (pointer: string): boolean =>
    invented.some((one) => one === pointer || one.startsWith(`${pointer}/`) || pointer.startsWith(`${one}/`))
  const noted = (pointer: string, place: Place): Place => {
    const own = { ...place }
    if (isInvented(pointer)) doubtful.add(own)
    return own
  }
  return {
    locate: (pointer) => noted(pointer, at.locate(pointer)),
    locateKey: (pointer) => noted(pointer, at.locateKey(pointer)),
    certain: (problems) =>
      problems.filter(
        ({ where, also = [] }) => ![where, ...also.map((one) => one.where)].some((one) => doubtful.has(one)),
      ),
  }
}
