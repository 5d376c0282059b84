import { join } from 'node:path'

/** What the API server of the test bed said of every single change, for tests that have no cluster; renewed by those that have one. */
export const verdictsFile = join(import.meta.dirname, '..', '..', 'golden', 'manifests', 'verdicts.txt')

/** The same of every field with values that it may be wrong with. */
export const everyFieldFile = join(import.meta.dirname, '..', '..', 'golden', 'manifests', 'every-field.txt')

/** A line for each field: `r` for each value that is refused, `.` for each that is taken, in the order in which they are tried. */
export function everyFieldText(fields: readonly (readonly [title: string, refused: readonly boolean[]])[]): string {
  return fields.map(([title, refused]) => `${refused.map((one) => (one ? 'r' : '.')).join('')} ${title}\n`).join('')
}

export function verdictsText(verdicts: readonly (readonly [change: string, refused: boolean])[]): string {
  return verdicts.map(([change, refused]) => `${refused ? 'refused' : 'taken  '} ${change}\n`).join('')
}
