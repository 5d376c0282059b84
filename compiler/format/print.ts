import { Composer, type CST, type Document, isScalar, type Scalar, type Tags, type YAMLMap, type YAMLSeq } from 'yaml'
import { readTokens } from '../load/tokens.ts'
import { putBehindKeys, takeBehindKeys } from './behind.ts'
import { squeezeEmptyLines } from './empty-lines.ts'
import { settleComments } from './trailing.ts'

/*
 * Prints YAML documents in one layout: two spaces of indentation, one blank line where there were more, padded braces. What a person chose is
 * kept: each scalar is copied as it is written, with its quotes and its line breaks, and a list or mapping in brackets stays in brackets, on
 * one line or on several.
 */

const step = '  '

type Tag = Exclude<Document['schema']['tags'][number], string>
type Print = NonNullable<Tag['stringify']>
/** What is inherited from outer nodes, with whether the innermost of those is a list in brackets. */
type PrintContext = Parameters<Print>[1] & { inBrackets?: boolean }

/**
 * Parses a text with the tokens that its nodes are made of.
 * @param text with line feeds alone; one that the loader reads without a problem
 * @returns undefined where the text is too deep or too large to be composed
 */
export function parseForPrinting(text: string): readonly Document[] | undefined {
  const { tokens, refused } = readTokens(text)
  if (refused) return undefined
  settleComments(tokens)
  squeezeEmptyLines(tokens)
  const behind = takeBehindKeys(tokens)
  const composer = new Composer({
    ...{ schema: 'core', version: '1.2', merge: false, uniqueKeys: true, strict: true, keepSourceTokens: true },
    ...{ prettyErrors: false, logLevel: 'silent' },
    customTags: (tags) =>
      tags.map((tag) => (typeof tag === 'string' ? tag : { ...tag, stringify: printing(tag, text) })) as Tags,
  })
  const documents = [...composer.compose(tokens, false, text.length)]
  putBehindKeys(documents, behind)
  return documents
}

/** The text of one document; each but the first of a file begins with `---`. */
export function printDocument(document: Document, index: number): string {
  if (index > 0 && document.directives) document.directives.docStart = true
  const text = document.toString({ indent: step.length, lineWidth: 0, flowCollectionPadding: true })
  return isNothing(document) ? withoutEmptyLines(text) : text
}

function isNothing({ contents }: Document): boolean {
  return !contents || (isScalar(contents) && contents.source === '' && !contents.anchor && !contents.tag)
}

/** The printer writes lines for a value that is not there, and puts comments behind it. */
function withoutEmptyLines(text: string): string {
  return text
    .replace(/^[ \t]+(?=#)/gm, '')
    .replace(/^---\n+/m, '---\n')
    .replace(/\n+(?=\.\.\.|$)/g, '\n')
}

function printing(tag: Tag, text: string): Print {
  // Tags of lists and mappings are asked too, which the type of this function does not say.
  return (item: Scalar | YAMLMap | YAMLSeq, context: PrintContext, onComment, onChompKeep) => {
    if (isScalar(item)) {
      const copied = copyOf(item, context, onComment, onChompKeep)
      return copied ?? tag.stringify?.(item, context, onComment, onChompKeep) ?? item.toString()
    }
    if (!item.flow) return item.toString(context, onComment, onChompKeep)
    const [begin = 0, end = 0] = item.range ?? []
    const isList = text[begin] === '['
    // Of a width of one nothing fits on one line, and of none everything does.
    const options = { ...context.options, lineWidth: text.slice(begin, end).includes('\n') ? 1 : 0 }
    // What stands inside a list is given one step too many.
    const indent = context.inBrackets ? context.indent.slice(step.length) : context.indent
    const inside = { ...context, options, indent, flowCollectionPadding: isList ? '' : ' ', inBrackets: isList }
    return item.toString(inside, onComment, onChompKeep)
  }
}

/** A scalar as it is written; undefined for one that nobody wrote. */
function copyOf(
  scalar: Scalar,
  context: PrintContext,
  onComment: (() => void) | undefined,
  onChompKeep: (() => void) | undefined,
): string | undefined {
  const token = scalar.srcToken
  if (!token) return undefined
  if (token.type === 'block-scalar') {
    const copied = copyOfBlock(token, context.indent)
    if (scalar.comment) onComment?.()
    if (copied.keepsEnd) onChompKeep?.()
    return copied.text
  }
  if (!('source' in token) || typeof token.source !== 'string') return undefined
  const [first = '', ...more] = token.source.split('\n')
  // How lines that a value goes on in are indented does not count.
  return [first.trimEnd(), ...more.map((line) => indented(line.trim(), context.indent || step))].join('\n')
}

function copyOfBlock(token: CST.BlockScalar, indent: string): { text: string; keepsEnd: boolean } {
  const source = token.props.map((prop) => ('source' in prop ? prop.source : '')).join('')
  const [, style = '|', marks = '', comment] = /([|>])([-+0-9]*)[ \t]*(#.*)?/.exec(source) ?? []
  const digit = /[1-9]/.exec(marks)?.[0]
  const lines = token.source.split('\n')
  const chomp = /[-+]/.exec(marks)?.[0] ?? ''
  const first = lines.find((line) => line.trim() !== '') ?? ''
  const own = digit === undefined ? first.length - first.trimStart().length : Math.max(token.indent, 0) + Number(digit)
  const body = lines.map((line) => indented(line.slice(own), indent))
  if (body.at(-1) === '') body.pop()
  if (chomp !== '+') while (body.length > 0 && body.at(-1)?.trim() === '') body.pop()
  const header = `${style}${digit === undefined ? '' : step.length}${chomp}${comment === undefined ? '' : ` ${comment}`}`
  return { text: [header, ...body].join('\n'), keepsEnd: chomp === '+' }
}

function indented(line: string, indent: string): string {
  return line === '' ? '' : `${indent}${line}`
}
