import type { Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'
import type { Placed } from './places.ts'
import { isOctalToSome } from './scalars.ts'

/** Whether there may be a number with leading zeros; finds every one, and at times something else. */
export function mayHaveLeadingZeros(text: string): boolean {
  return /(?<![^\s,[{:])[-+]?0[0-9]+(?![^\s,\]}:])/.test(text)
}

/**
 * Numbers and keys with leading zeros that are not quoted, at their places: `defaultMode: 0400` is 256 to kubectl and Helm, and 400 to YAML 1.2.
 * @see https://yaml.org/type/int.html and https://yaml.org/spec/1.2.2/#103-core-schema
 */
export function leadingZeros(placed: Placed): readonly Problem[] {
  return placed
    .bareScalars()
    .filter(({ written }) => isOctalToSome(written))
    .slice(0, limits.syntaxProblems)
    .map(({ written, where }) => tell(written, where))
}

function tell(written: string, where: Problem['where']): Problem {
  const decimal = Number(written)
  const octal = /[89]/.test(written) ? undefined : Number.parseInt(written, 8)
  const others = octal === undefined ? 'text' : `the octal ${octal}`
  const write = octal === undefined || octal === decimal ? decimal : `${decimal}, or ${octal} where the octal is meant`
  const message = `${written} is ${decimal} in YAML 1.2, and ${others} in YAML 1.1, which kubectl and Helm read`
  return problem('YAML_LEADING_ZERO', where, message, { hint: `write ${write}; quote it if it is text: "${written}"` })
}
