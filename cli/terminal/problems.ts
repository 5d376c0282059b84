import type { Problem } from '../../domain/problem.ts'

/** Problems as people read them: `file:line:column`, severity, code, what is wrong, and the remedy. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map((problem) => {
      const { file, line, column } = problem.where
      const head = `${file}:${line}:${column}  ${problem.severity}  ${problem.code}  ${problem.message}`
      const also = (problem.also ?? []).map(
        (one) => `    ${one.where.file}:${one.where.line}:${one.where.column}  ${one.note}`,
      )
      return [head, ...also, ...(problem.hint ? [`    hint: ${problem.hint}`] : [])].join('\n')
    })
    .join('\n')
}
