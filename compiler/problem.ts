import type { Place, Problem } from '../domain/problem.ts'
import { type ProblemCode, problemCodes } from '../domain/problem-codes.ts'

/** Makes a problem with the severity that its code has. */
export function problem(
  code: ProblemCode,
  where: Place,
  message: string,
  more: { hint?: string | undefined; also?: Problem['also'] } = {},
): Problem {
  return {
    code,
    severity: problemCodes[code],
    message,
    where,
    ...(more.hint === undefined ? {} : { hint: more.hint }),
    ...(more.also === undefined ? {} : { also: more.also }),
  }
}
