import { type Document as Yaml, isAlias, isCollection, isScalar, type Node, visit, type YAMLError } from 'yaml'
import type { Problem } from '../../domain/problem.ts'
import { problem, shortened } from '../problem.ts'
import type { PlaceOf } from './place-of.ts'

/** A document that the slower parser complains about. */
interface Complained {
  readonly document: Yaml
  readonly text: string
  readonly at: PlaceOf
}

type ErrorCode = YAMLError['code']

/** Whether the rest of a document can be read in spite of an error: a tag that is wrong leaves every other value what it is. */
export function leavesValue(code: ErrorCode): boolean {
  return code === 'TAG_RESOLVE_FAILED'
}

/** What the slower parser complains about, in our own words, with the remedy. */
export function yamlProblem(error: YAMLError, within: Complained): Problem {
  const { at, text } = within
  const [begin, end] = error.pos
  if (error.code === 'TAG_RESOLVE_FAILED') {
    const tag = shortened(text.slice(begin, end))
    const message = tag.startsWith('!') ? `the tag ${tag} is not known here` : 'a tag is not known here'
    return problem('YAML_UNKNOWN_TAG', at(begin, end), message, { hint: tagHint(tag) })
  }
  if (error.code === 'TAB_AS_INDENT') {
    const hint = 'indent with spaces; an editor shows tabs when told to show white space'
    return problem('YAML_SYNTAX', at(begin), 'a tab is used for indentation', { hint })
  }
  const opened = openedAt(error, within)
  const what = (error.message.split('\n')[0] ?? error.message).replace(/ at line \d+, column \d+:?$/, '')
  if (opened?.quote) {
    const hint = "close it with the same quote; inside of double quotes write \\\" for one, inside of single quotes ''"
    return problem('YAML_SYNTAX', at(opened.begin, opened.begin + 1), 'this quote is never closed', { hint })
  }
  return problem('YAML_SYNTAX', at(begin), `the YAML cannot be read: ${what}`, {
    hint: syntaxHint(error.code, what, text.slice(begin)),
    also: opened ? [{ where: at(opened.begin, opened.begin + 1), note: 'opened here' }] : [],
  })
}

/** Every key that its mapping has already, with the offset of where it stands. */
export function duplicateKeys(document: Yaml): readonly { readonly first: Node; readonly second: Node }[] {
  const found: { first: Node; second: Node }[] = []
  visit(document, {
    Map: (_key, mapping) => {
      // By the text that is made of them: of the number 1 and of "1" only one would be left.
      const seen = new Map<string, Node>()
      for (const { key } of mapping.items) {
        const scalar = isAlias(key) ? key.resolve(document) : key
        if (!isScalar(scalar) || scalar.value === null) continue
        const name = String(scalar.value)
        const first = seen.get(name)
        if (first) found.push({ first, second: key as Node })
        else seen.set(name, key as Node)
      }
    },
  })
  return found
}

export function duplicateKey({ first, second }: { first: Node; second: Node }, at: PlaceOf): Problem {
  const name = isScalar(second) ? `the key ${JSON.stringify(shortened(String(second.value)))}` : 'this key'
  const where = at(second.range?.[0] ?? 0, second.range?.[1])
  const also = first.range ? [{ where: at(first.range[0], first.range[1]), note: 'the first one' }] : []
  return problem('YAML_DUPLICATE_KEY', where, `${name} stands twice in the same mapping`, {
    hint: 'keep one of the two; YAML would silently drop the other, and programs differ in which',
    also,
  })
}

/** A problem for each alias that no anchor stands before. */
export function aliasesOfNothing({ document, at }: Pick<Complained, 'document' | 'at'>): readonly Problem[] {
  const anchors = new Set<string>()
  const problems: Problem[] = []
  visit(document, {
    Alias: (_key, { source, range }) => {
      if (anchors.has(source)) return
      const name = shortened(source)
      const hint = `quote a text that begins with *: "*${name}"; an alias needs its anchor, &${name}, before it`
      const where = at(range?.[0] ?? 0, range?.[1])
      problems.push(problem('YAML_SYNTAX', where, `there is no anchor for the alias *${name}`, { hint }))
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor)
    },
  })
  return problems
}

/** Ranges of the values under tags that nobody knows. */
export function unknownTags(document: Yaml): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = []
  if (document.errors.length + document.warnings.length === 0) return found
  visit(document, {
    Node: (_key, node) => {
      const known = node.tag === undefined || document.schema.tags.some((tag) => tag.tag === node.tag)
      if (!known && node.range) found.push([node.range[0], node.range[1]])
    },
  })
  return found
}

const tagHints: readonly (readonly [RegExp, string])[] = [
  [/secret|vault|env|sops/i, 'secrets are named, not fetched: write { secret: <name>, key: <key> } in env'],
  [/include|import|file/i, 'files are not included: put the text here, or refer to a document by its name'],
  [/^!(Ref|Sub|GetAtt|Join|If|ImportValue|FindInMap)\b/, 'this is CloudFormation; write the value itself'],
  [/python|ruby|java|js|perl|object/i, 'objects of a programming language are never made; write the plain value'],
  [/binary/, 'bytes cannot be written here; write text'],
  [/timestamp/, 'YAML 1.2 knows no times: remove the tag and quote the text'],
  [/^!!set\b/, 'YAML 1.2 knows no sets: remove the tag and write a list'],
  [/^!!(omap|pairs)\b/, 'YAML 1.2 knows no pairs: remove the tag and write a mapping'],
  [/^!!merge\b/, 'merge keys do not exist in YAML 1.2: write the values out'],
  [/^!!(str|int|float|bool|null|seq|map)\b/, 'the value is none of that kind: remove the tag'],
]

function tagHint(tag: string): string {
  const special = tagHints.find(([form]) => form.test(tag))
  return special?.[1] ?? 'remove the tag; quote the value if it begins with an exclamation mark'
}

/** Where the quote or bracket stands that an error finds unclosed. */
function openedAt(error: YAMLError, { document }: Complained): { begin: number; quote: boolean } | undefined {
  const [position] = error.pos
  const wantsQuote = /closing ["']quote/.test(error.message)
  const wantsBracket = /must be sufficiently indented and end with|must end with a/.test(error.message)
  if (!wantsQuote && !wantsBracket) return undefined
  let begin: number | undefined
  visit(document, {
    Node: (_key, node) => {
      const [from = 0, to = 0] = node.range ?? []
      const fits = wantsQuote
        ? isScalar(node) && String(node.type).startsWith('QUOTE')
        : isCollection(node) && node.flow === true
      if (fits && from < position && to >= position - 1) begin = from
    },
  })
  return begin === undefined ? undefined : { begin, quote: wantsQuote }
}

function syntaxHint(code: ErrorCode, what: string, rest: string): string | undefined {
  if (code === 'BAD_ALIAS' || /^Unresolved alias/.test(what)) return 'quote a text that begins with * or &'
  if (code === 'BAD_SCALAR_START') return `quote a text that begins with ${rest.slice(0, 1)}`
  if (code === 'BAD_DQ_ESCAPE') return 'write \\\\ for a backslash, or use single quotes, in which it is one'
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'quote a text that holds ": "; a nested mapping begins on the next line'
  if (code === 'MULTILINE_IMPLICIT_KEY' || /Implicit (map )?keys/.test(what))
    return 'a key ends with a colon and a space, and a text that goes on in the next line is quoted or begins with |'
  if (/end with a|Flow (map|sequence)/.test(what)) return 'close the bracket, or indent what belongs into it'
  if (code === 'BAD_INDENT' || /All (sequence|mapping) items must start/.test(what))
    return 'entries of one mapping or list begin in the same column'
  if (/Missing (space|,)/.test(what)) return 'put a space behind the colon, and a comma between entries'
  if (/^Comments must be/.test(what)) return 'put a space before #, or quote the text that holds it'
  return undefined
}
