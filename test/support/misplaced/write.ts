import { isList, isMapping, isScalar, type List, type Mapping, type Node, type Pair } from './tree.ts'

/** How somebody writes YAML. */
export interface Style {
  readonly name: string
  /** From this depth on, mappings and lists stand in brackets. */
  readonly bracketsFrom: number
  readonly indent: 2 | 4
  readonly quote: '' | '"' | "'"
  readonly lineEnd: '\n' | '\r\n'
  /** Comments above and behind lines, with letters of two code units. */
  readonly comments: boolean
  /** An anchor before each scalar. */
  readonly anchors: boolean
  /** What stands in the file before the document. */
  readonly before: string
}

export const plainStyle: Style = {
  name: 'indented',
  bracketsFrom: 99,
  indent: 2,
  quote: '',
  lineEnd: '\n',
  comments: false,
  anchors: false,
  before: '',
}

export const styles: readonly Style[] = [
  plainStyle,
  { ...plainStyle, name: 'short mappings in one line', bracketsFrom: 2 },
  { ...plainStyle, name: 'everything in one line, with quoted keys', bracketsFrom: 0, quote: '"' },
  { ...plainStyle, name: 'four spaces and Windows line ends', indent: 4, lineEnd: '\r\n', quote: "'" },
  { ...plainStyle, name: 'comments, behind other documents', comments: true, before: '# first\na: 1\n---\n' },
  {
    ...plainStyle,
    name: 'anchors, a byte order mark and a directive',
    anchors: true,
    before: '\ufeff%YAML 1.2\n---\n',
  },
]

export interface Position {
  readonly line: number
  readonly column: number
}

/** A text, and where in its file every key, value and tag of its tree stands. Columns count UTF-16 code units. */
export interface Written {
  readonly text: string
  /** Of a pair: its key. Of a node: its tag where it has one, else its first character. */
  readonly positions: ReadonlyMap<Node | Pair, Position>
  /** Of keys by their dotted paths; of one that stands twice the first. */
  readonly keys: ReadonlyMap<string, Position>
}

export function write(root: Node, style: Style): Written {
  const writer = new Writer(style)
  writer.document(root)
  return { text: writer.text, positions: writer.positions, keys: writer.keys }
}

class Writer {
  text: string
  readonly positions = new Map<Node | Pair, Position>()
  readonly keys = new Map<string, Position>()
  readonly #style: Style
  #line: number
  #column = 1
  #anchors = 0

  constructor(style: Style) {
    this.#style = style
    this.text = style.before
    // A byte order mark is no character of the first line.
    this.#line = style.before.split('\n').length
  }

  document(root: Node): void {
    if (isMapping(root) && this.#style.bracketsFrom > 0) this.#block(root, 0, 0, '')
    else this.#flow(root, '')
    this.#newLine()
  }

  #put(text: string): void {
    this.text += text
    this.#column += text.length
  }

  #newLine(): void {
    if (this.#style.comments) this.#put(' # 😀 é')
    this.text += this.#style.lineEnd
    this.#line += 1
    this.#column = 1
  }

  #mark(what: Node | Pair): void {
    this.positions.set(what, { line: this.#line, column: this.#column })
  }

  #key(pair: Pair, path: string): void {
    this.#mark(pair)
    if (!this.keys.has(path)) this.keys.set(path, { line: this.#line, column: this.#column })
    const { quote } = this.#style
    this.#put(`${quote}${pair.key}${quote}:`)
  }

  #block(node: Mapping | List, depth: number, column: number, path: string): void {
    this.#mark(node)
    const entries = isMapping(node) ? node.pairs : node.items
    entries.forEach((entry, index) => {
      if (index > 0) {
        this.#newLine()
        if (this.#style.comments && index % 3 === 1) {
          this.#put(`${' '.repeat(column)}# 日本語: [`)
          this.text += this.#style.lineEnd
          this.#line += 1
          this.#column = 1
        }
        this.#put(' '.repeat(column))
      }
      if ('key' in entry) {
        this.#key(entry, `${path}${entry.key}`)
        this.#after(entry.value, depth, column, `${path}${entry.key}.`)
      } else {
        this.#put('- ')
        this.#flow(entry, `${path}${index}.`)
      }
    })
  }

  /** What comes behind a key. */
  #after(value: Node, depth: number, column: number, path: string): void {
    const isLong = isMapping(value) ? value.pairs.length > 0 : isList(value) && value.items.length > 0
    if (isScalar(value) || !isLong || depth + 1 >= this.#style.bracketsFrom) {
      if (isScalar(value) && value.raw === '' && value.tag === undefined) return
      this.#put(' ')
      this.#flow(value, path)
      return
    }
    this.#newLine()
    const inner = column + this.#style.indent
    this.#put(' '.repeat(inner))
    this.#block(value as Mapping | List, depth + 1, inner, path)
  }

  #flow(node: Node, path: string): void {
    if (isScalar(node)) {
      if (this.#style.anchors && !node.raw.startsWith('*') && node.raw !== '') this.#put(`&a${this.#anchors++} `)
      this.#mark(node)
      if (node.tag !== undefined) this.#put(`${node.tag} `)
      this.#put(node.raw)
      return
    }
    this.#mark(node)
    const entries = isMapping(node) ? node.pairs : node.items
    this.#put(isMapping(node) ? '{ ' : '[')
    entries.forEach((entry, index) => {
      if (index > 0) this.#put(', ')
      if ('key' in entry) {
        this.#key(entry, `${path}${entry.key}`)
        if (!(isScalar(entry.value) && entry.value.raw === '')) {
          this.#put(' ')
          this.#flow(entry.value, `${path}${entry.key}.`)
        }
      } else this.#flow(entry, `${path}${index}.`)
    })
    this.#put(isMapping(node) ? ' }' : ']')
  }
}
