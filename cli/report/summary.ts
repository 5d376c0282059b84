import { counts, type Report } from './report.ts'

/** The last line of a report: how much was looked at, and what was found. */
export function summary({ files, problems, others }: Pick<Report, 'files' | 'problems' | 'others'>): string {
  const { error, warning, note } = counts(problems)
  const found = [
    ...(error > 0 ? [amount(error, 'problem')] : []),
    ...(warning > 0 ? [amount(warning, 'warning')] : []),
    ...(note > 0 ? [amount(note, 'note')] : []),
  ]
  const elsewhere = others === 0 ? '' : `; ${amount(others, 'problem')} in files that were not asked about`
  return `${amount(files.length, 'file')}, ${found.join(', ') || 'no problems'}${elsewhere}`
}

function amount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
