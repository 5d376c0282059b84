import { loadAll } from 'js-yaml'
import { parseAllDocuments } from 'yaml'
import { compile } from '../../compiler/compile.ts'
import { loadDocuments } from '../../compiler/load/document.ts'
import { problemCodes } from '../../domain/problem-codes.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { address, chart, nothing, source } from '../support/compiler.ts'
import type { Input } from './inputs.ts'

/** What became of an input that did nobody harm. */
export type Verdict = 'accepted' | 'refused'

/**
 * Loads, checks and renders an input, and looks at what comes of it.
 * @throws Error when the compiler throws, accepts what two parsers read differently, tells a problem without a place, or renders what is no YAML
 */
export function attempt({ files }: Input): Verdict {
  const sources = files.map((bytes, index): SourceFile => ({ path: `specs/${index}.yaml`, bytes }))
  for (const file of sources) expectSameReading(file)
  const { problems, tree } = compile({ sources, source, deployed: nothing, chart, deploy: address })
  for (const { code, where, message } of problems) {
    const isThere = code in problemCodes && message !== '' && where.line >= 1 && where.column >= 1
    if (!isThere) throw new Error(`a problem is not told well: ${JSON.stringify({ code, where, message })}`)
  }
  const isRefused = problems.some((one) => one.severity === 'error')
  if (isRefused !== (tree === null)) throw new Error('there is a tree beside errors, or neither of them')
  for (const [path, text] of tree ?? [])
    if (path.endsWith('.yaml') && !path.startsWith('charts/')) expectYaml(path, text)
  return isRefused ? 'refused' : 'accepted'
}

/** It takes the square of their number to look for keys that stand twice, which the other parser refuses. */
const plainly = { uniqueKeys: false, logLevel: 'silent' } as const

/** Documents that are read are read alike by a parser that is asked in its own way. */
function expectSameReading(file: SourceFile): void {
  const loaded = loadDocuments(file)
  if (loaded.problems.length > 0 || loaded.documents.length === 0) return
  const text = new TextDecoder().decode(file.bytes)
  const others = parseAllDocuments(text, { ...plainly, schema: 'core', version: '1.2' })
  // How many aliases are too many was decided when it was accepted.
  const theirs = Array.isArray(others)
    ? others.map((one) => one.toJS({ maxAliasCount: -1 }) as unknown).filter(saysSomething)
    : []
  const ours = loaded.documents.map((one) => one.value).filter(saysSomething)
  if (JSON.stringify(ours) !== JSON.stringify(theirs))
    throw new Error('two parsers read different values of a file that is accepted')
}

/** A document of white space alone is none for us, and nothing or a text of white space for the other parser. */
function saysSomething(value: unknown): boolean {
  return value !== null && (typeof value !== 'string' || value.trim() !== '')
}

function expectYaml(path: string, text: string): void {
  const other = parseAllDocuments(text, plainly)
  if (!Array.isArray(other) || other.some((one) => one.errors.length > 0))
    throw new Error(`${path} cannot be read as YAML`)
  const [one, two] = [loadAll(text), other.map((document) => document.toJS() as unknown)].map((read) =>
    JSON.stringify(read),
  )
  if (one !== two) throw new Error(`two parsers read ${path} differently`)
}
