import type { ImpactStatement, Range } from '../../compiler/impact/statement.ts'
import type { Problem } from '../../domain/problem.ts'
import type { Comparison } from './comparison.ts'
import { fileHeads } from './human.ts'
import { roundedNumber } from './numbers.ts'
import { headline } from './words.ts'

/** A comparison as one JSON document. */
export function jsonComparison({ base, head, against, problems, baseProblems, difference }: Comparison): string {
  const { same, impact, files, ledgerFiles, proposed } = difference
  const document = {
    same,
    summary: headline(impact),
    ...{ base, head, against, problems, baseProblems, impact: roundedImpact(impact), proposed },
    files: files.map((file) => ({
      path: file.path,
      against: file.against,
      kind: file.kind,
      addedLines: file.addedLines,
      removedLines: file.removedLines,
      diff: [...fileHeads(file), ...file.hunks, ''].join('\n'),
    })),
    ledgerFiles,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Hours and prices without the last digits of their products: 104.4, and not 104.39999999999999. What a spec says stays as it is. */
function roundedImpact(impact: ImpactStatement): ImpactStatement {
  const { starts, releases, total } = impact
  return {
    ...impact,
    starts: starts.map((one) => ({
      ...one,
      estimate: { ...one.estimate, ...rounded(one.estimate), hours: roundedRange(one.estimate.hours) },
    })),
    releases: releases.map((one) => ({
      ...one,
      costPerHour: { before: roundedCost(one.costPerHour.before), after: roundedCost(one.costPerHour.after) },
    })),
    total: { ...total, ...rounded(total) },
  }
}

function rounded({ gpuHours, cost }: { readonly gpuHours: Range; readonly cost: Range | null }) {
  return { gpuHours: roundedRange(gpuHours), cost: roundedCost(cost) }
}

function roundedCost(cost: Range | null): Range | null {
  return cost && roundedRange(cost)
}

function roundedRange({ low, high }: Range): Range {
  return { low: roundedNumber(low), high: roundedNumber(high) }
}

/** What is said when specs cannot be compared because of their problems. */
export function jsonProblems(problems: readonly Problem[]): string {
  return `${JSON.stringify({ problems }, null, 2)}\n`
}
