import type { FaultCode } from '../../domain/fault.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'

/** Where the page of all codes is on the web; `specyard explain` prints the same without it. */
const errorPage = 'https://specyard.dev/errors'

/** The page of a code. */
export function pageOf(code: ProblemCode | FaultCode): string {
  return `${errorPage}#${code.toLowerCase()}`
}

/** What the page of codes says about one. */
export interface ErrorSection {
  readonly code: string
  /** What it means, as Markdown. */
  readonly text: string
  /** What to do, as Markdown. */
  readonly remedy: string
}

/** The sections of the page of codes, by code. */
export function errorSections(page: string): ReadonlyMap<string, ErrorSection> {
  const sections = page.split(/^### /m).slice(1).map(section)
  return new Map(sections.map((one) => [one.code, one]))
}

function section(text: string): ErrorSection {
  const [code = '', ...lines] = text.split('\n')
  // The next heading of a higher level belongs to what follows.
  const body = lines.join('\n').split(/^## /m)[0] ?? ''
  const [meaning = '', remedy = ''] = body.split('**Remedy.**')
  return { code: code.trim(), text: meaning.trim(), remedy: remedy.trim() }
}
