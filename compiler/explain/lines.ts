import type { Json } from '../../domain/canonical.ts'
import { diffLines } from '../impact/lines.ts'
import { leavesOf, replaced } from './leaves.ts'

/*
 * Which values a rendered line depends on is found out by experiment: each value is changed in turn, everything is rendered again, and the
 * lines that come out different are its. So it holds for any template and any patch over its result, and needs no second account of what a
 * template does that could be wrong. A hundred renderings take a few milliseconds.
 */

export interface ExplainedLine {
  readonly text: string
  /** Pointers (as `Leaf.named`) of the values that the line changes with; those that change the fewest lines first. */
  readonly values: readonly string[]
}

/**
 * Tells for each line of a rendered text what it depends on.
 * @param subject everything that is rendered, as plain JSON
 * @param render pure; may throw for a value that no plan can have
 */
export function explainLines(subject: Json, render: (subject: Json) => string): readonly ExplainedLine[] {
  const text = render(subject)
  const lines = linesOf(text)
  const found = lines.map((): { readonly value: string; readonly lines: number }[] => [])
  for (const { pointer, named, value } of leavesOf(subject)) {
    const changed = new Set<number>()
    for (const other of othersThan(value)) {
      const changedText = renderedWith(replaced(subject, pointer, other), render)
      if (changedText === undefined || changedText === text) continue
      for (const part of diffLines(lines, linesOf(changedText))) if (part.kind === 'removed') changed.add(part.before)
    }
    for (const line of changed) found[line]?.push({ value: named, lines: changed.size })
  }
  return lines.map((line, index) => ({
    text: line,
    values: (found[index] ?? []).sort((left, right) => left.lines - right.lines).map(({ value }) => value),
  }))
}

/** Other values of the same kind: what depends on the value comes out different with one of them. */
function othersThan(value: Json): readonly Json[] {
  if (typeof value === 'string') return [`${value}~`]
  if (typeof value === 'number') return [value + 1]
  if (typeof value === 'boolean') return [!value]
  if (Array.isArray(value)) return [['~']]
  if (value === null) return ['~']
  return [{ '~': '~' }]
}

function renderedWith(subject: Json, render: (subject: Json) => string): string | undefined {
  try {
    return render(subject)
  } catch {
    return undefined
  }
}

function linesOf(text: string): readonly string[] {
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}
