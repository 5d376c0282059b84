import type { FaultCode } from '../../domain/fault.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'

/** Where the pages of `docs/` are on the web. */
const pages = 'https://specyard.dev'
/** Where the page of all codes is; `specyard explain` prints the same without it. */
const errorPage = `${pages}/errors`

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
  return { code: code.trim(), text: withAddresses(meaning.trim()), remedy: withAddresses(remedy.trim()) }
}

/** Links to other pages as whole addresses: on a terminal, or where code scanning shows the text, there is no page that they could start from. */
function withAddresses(markdown: string): string {
  return markdown.replaceAll(/\]\(([a-z/-]+)\.md(?=[#)])/g, `](${pages}/$1`).replaceAll('](#', `](${errorPage}#`)
}
