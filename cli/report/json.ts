import { pageOf } from './pages.ts'
import { counts, type Report } from './report.ts'

/** Everything as one JSON document, nothing left out. `format` grows when a reader of it could stumble. */
export function jsonReport({ files, problems, others }: Report): string {
  const { error, warning, note } = counts(problems)
  const document = {
    format: 1,
    files: files.length,
    errors: error,
    warnings: warning,
    notes: note,
    problemsElsewhere: others,
    problems: problems.map((one) => ({ ...one, page: pageOf(one.code) })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
