import { comparePlaces, compareProblems, type Place, type Problem, type Related } from '../domain/problem.ts'
import { type ProblemCode, problemCodes } from '../domain/problem-codes.ts'

/** Makes a problem with the severity that its code has. */
export function problem(
  code: ProblemCode,
  where: Place,
  message: string,
  more: { hint?: string | undefined; also?: Problem['also']; secret?: true } = {},
): Problem {
  return {
    code,
    severity: problemCodes[code],
    message,
    where,
    ...(more.hint === undefined ? {} : { hint: more.hint }),
    ...(more.also === undefined || more.also.length === 0 ? {} : { also: more.also }),
    ...(more.secret === undefined ? {} : { secret: more.secret }),
  }
}

const quotedMax = 60

/** A text of a file as a message quotes it: whoever wrote a megabyte need not read it again. */
export function shortened(text: string): string {
  return text.length <= quotedMax ? text : `${text.slice(0, quotedMax - 1)}…`
}

/** In the order of places. What is wrong in several environments alike is told once, with every other place that has a part in it. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const told: Problem[] = []
  for (const one of [...problems].sort(compareProblems)) {
    const before = told.at(-1)
    if (!before || compareProblems(before, one) !== 0) told.push(one)
    else told[told.length - 1] = withAlso(before, one.also ?? [])
  }
  return told
}

/** A problem with more related places; none is named twice, and never its own. */
export function withAlso(told: Problem, more: readonly Related[]): Problem {
  const also = [...(told.also ?? [])]
  for (const one of more) {
    const known = also.some((other) => other.note === one.note && comparePlaces(other.where, one.where) === 0)
    if (!known && comparePlaces(one.where, told.where) !== 0) also.push(one)
  }
  return also.length === 0 ? told : { ...told, also }
}
