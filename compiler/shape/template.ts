import { type Scalar, scalarText } from '../render/scalar.ts'
import { nearest } from '../validate/nearest.ts'
import { parseTemplate, type PathNode, type Position, type ProgramNode, type TemplateNode } from './syntax.ts'
import { ShapingFailed } from './failed.ts'

/** What the names of a template stand for. */
export interface TemplateView {
  readonly [name: string]: Scalar | TemplateView | readonly (Scalar | TemplateView)[]
}

export interface Filled {
  readonly text: string
  /** For each line of the text the line of the template that it comes from, from 1. */
  readonly lines: readonly number[]
}

const textLengthMax = 256 * 1024
const stepsMax = 200_000

interface Frame {
  readonly value: unknown
  readonly data: Readonly<Record<string, unknown>>
  readonly parent: Frame | null
}

interface Filling {
  readonly parts: string[]
  /** Characters so far. */
  length: number
  /** Whether what comes next begins a line. */
  beginsLine: boolean
  readonly lines: number[]
  steps: number
}

/** Fills a template as Handlebars would. @throws ShapingFailed for one that cannot be read, or asks for what there is not */
export function fillTemplate(template: string, view: TemplateView): Filled {
  const { program, problems } = parseTemplate(template)
  const [first] = problems
  if (first) throw failed(first, first.message, first.hint)
  const filling: Filling = { parts: [], length: 0, beginsLine: true, lines: [], steps: 0 }
  if (program) fill(program, { value: view, data: {}, parent: null }, filling)
  return { text: filling.parts.join(''), lines: filling.lines }
}

function fill(program: ProgramNode, frame: Frame, filling: Filling): void {
  for (const node of program.body) {
    filling.steps += 1
    if (filling.steps > stepsMax || filling.length > textLengthMax)
      throw failed(node.loc.start, `the template makes more than ${textLengthMax} characters`)
    if (node.type === 'ContentStatement') append(node.value ?? '', firstLine(node), filling)
    else if (node.type === 'MustacheStatement') append(scalarOf(node, frame), node.loc.start.line, filling)
    else if (node.type === 'BlockStatement') fillBlock(node, frame, filling)
  }
}

/** The line of the first character that is left of a content once its lines were stripped. */
function firstLine({ value = '', original = '', loc }: TemplateNode): number {
  const skipped = original.slice(0, Math.max(0, original.lastIndexOf(value)))
  return loc.start.line + (skipped.split('\n').length - 1)
}

function append(text: string, line: number, filling: Filling): void {
  filling.parts.push(text)
  filling.length += text.length
  const pieces = text.split('\n')
  pieces.forEach((piece, index) => {
    const endsLine = index < pieces.length - 1
    if (filling.beginsLine && (piece !== '' || endsLine)) filling.lines.push(line + index)
    if (piece !== '') filling.beginsLine = false
    if (endsLine) filling.beginsLine = true
  })
}

function scalarOf(node: TemplateNode, frame: Frame): string {
  const path = node.params?.[0] as PathNode
  const value = lookUp(path, frame)
  if (value === null || typeof value !== 'object') return scalarText(value as Scalar)
  throw failed(
    path.loc.start,
    `${path.original} is no single value`,
    'take one of its parts, or go through it: {{#each}}',
  )
}

function fillBlock(node: TemplateNode, frame: Frame, filling: Filling): void {
  const path = node.params?.[0] as PathNode
  const value = lookUp(path, frame)
  const isEmpty = !value || (Array.isArray(value) && value.length === 0)
  const block = node.path?.original
  const chosen = block === 'unless' ? !isEmpty : isEmpty
  if (chosen) {
    if (node.inverse) fill(node.inverse, frame, filling)
  } else if (node.program === undefined) return
  else if (block === 'if' || block === 'unless') fill(node.program, frame, filling)
  else if (block === 'with') fill(node.program, { value, data: frame.data, parent: frame }, filling)
  else if (!Array.isArray(value))
    throw failed(path.loc.start, `${path.original} is no list`, 'use {{#with}} or {{#if}}')
  else
    for (const [index, one] of value.entries()) {
      const data = { index, first: index === 0, last: index === value.length - 1, key: index }
      fill(node.program, { value: one, data, parent: frame }, filling)
    }
}

function lookUp(path: PathNode, frame: Frame): unknown {
  let at: Frame = frame
  for (let depth = path.depth; depth > 0; depth -= 1) {
    if (at.parent === null) throw failed(path.loc.start, `${path.original} leads above the beginning of the view`)
    at = at.parent
  }
  let value: unknown = path.data ? at.data : at.value
  for (const part of path.parts) {
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isMapping || !Object.hasOwn(value as object, part)) throw unknownName(path, part, value, isMapping)
    value = (value as Readonly<Record<string, unknown>>)[part]
  }
  return value
}

function unknownName(path: PathNode, part: string, value: unknown, isMapping: boolean): ShapingFailed {
  const names = isMapping ? Object.keys(value as object) : []
  const near = nearest(part, names)
  const hint = near !== undefined ? `did you mean ${near}?` : `there are: ${names.join(', ') || 'no names here'}`
  return failed(path.loc.start, `there is no ${path.original} here`, hint)
}

function failed(at: Position, message: string, hint?: string): ShapingFailed {
  return new ShapingFailed({ is: 'template', line: at.line, column: at.column + 1 }, 'TEMPLATE_INVALID', message, hint)
}
