import type { Schema } from './generate-types.ts'

/**
 * One ES module with a function for each schema, named after it, that tells whether a value fits, and nothing of what is wrong. What tells that
 * (`generate-validators.ts`) is many times as long, and is loaded where something is wrong. Two schemas that say the same share a function.
 * @throws Error where a schema says what is not known here
 */
export function generateSound(schemas: readonly Schema[]): string {
  const written = new Functions()
  const named = schemas.map((schema) => `${written.nameOf(schema)} as ${schema.title}`)
  return `${[...written.patterns, ...written.texts, ...helpers].join('\n\n')}\n\nexport { ${named.join(', ')} }\n`
}

interface Node {
  readonly type?: string | readonly string[]
  readonly const?: Scalar
  readonly enum?: readonly Scalar[]
  readonly anyOf?: readonly Node[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly items?: Node
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Node
  readonly propertyNames?: Node
  readonly minProperties?: number
  readonly maxProperties?: number
}
type Scalar = string | number | boolean | null

/** Keywords that say something for people. */
const silent = ['$schema', '$id', 'title', 'description', 'examples', 'default']

const tests: Readonly<Record<string, string>> = {
  string: `typeof value === 'string'`,
  number: `typeof value === 'number' && Number.isFinite(value)`,
  integer: 'Number.isInteger(value)',
  boolean: `typeof value === 'boolean'`,
  null: 'value === null',
  array: 'Array.isArray(value)',
  object: `typeof value === 'object' && value !== null && !Array.isArray(value)`,
}

// Lengths are counted in code points, of which a text has as many as units at most and half as many at least.
const helpers = [
  `const points = (text) => {
  let count = 0
  for (const _ of text) count += 1
  return count
}`,
  'const atMost = (text, most) => text.length <= most || (text.length <= 2 * most && points(text) <= most)',
  'const atLeast = (text, least) => text.length >= 2 * least || (text.length >= least && points(text) >= least)',
]

class Functions {
  readonly texts: string[] = []
  private readonly names = new Map<string, string>()
  private readonly forms = new Set<string>()

  /** The name of the function for a schema. */
  nameOf(schema: object): string {
    const node = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !silent.includes(keyword))) as Node
    const text = this.partsOf(node).join('\n')
    const known = this.names.get(text)
    if (known !== undefined) return known
    const name = `fits${this.names.size}`
    this.names.set(text, name)
    this.texts.push(`function ${name}(value) {\n${text}\n}`)
    return name
  }

  get patterns(): readonly string[] {
    return [...this.forms].map((form, index) => `const form${index} = new RegExp(${JSON.stringify(form)}, 'u')`)
  }

  private formOf(pattern: string): string {
    this.forms.add(pattern)
    return `form${[...this.forms].indexOf(pattern)}`
  }

  private partsOf(node: Node): readonly string[] {
    const { type, const: only, enum: some, anyOf, ...rest } = node
    const parts: string[] = []
    if (only !== undefined) parts.push(refuse(not(same(only))))
    if (some) parts.push(refuse(not(some.map(same).join(' || '))))
    if (anyOf) parts.push(refuse(not(anyOf.map((one) => `${this.nameOf(one)}(value)`).join(' || '))))
    const types = typeof type === 'string' ? [type] : (type ?? Object.keys(tests).filter((one) => one !== 'integer'))
    const left = new Set(Object.keys(rest))
    for (const one of types) {
      const test = tests[one]
      if (test === undefined) throw new Error(`the type ${one} is not known`)
      const inner = this.ofType(one, rest as Node, left)
      if (inner.length > 0 || type !== undefined)
        parts.push(`  if (${test}) {\n${[...inner, '    return true'].join('\n')}\n  }`)
    }
    if (left.size > 0) throw new Error(`nothing is known of the keywords ${[...left].join(', ')}`)
    return [...parts, `  return ${type === undefined}`]
  }

  /** @param left keywords that nothing has been written of yet */
  private ofType(type: string, node: Node, left: Set<string>): readonly string[] {
    const conditions = {
      string: () => this.ofString(node),
      number: () => this.ofNumber(node),
      integer: () => this.ofNumber(node),
      array: () => this.ofArray(node),
      object: () => this.ofObject(node),
    }[type]
    for (const keyword of keywords[type] ?? []) left.delete(keyword)
    return conditions?.().map((one) => `  ${one}`) ?? []
  }

  private ofString({ minLength, maxLength, pattern }: Node): readonly string[] {
    return [
      ...when(minLength, (least) => refuse(`!atLeast(value, ${least})`)),
      ...when(maxLength, (most) => refuse(`!atMost(value, ${most})`)),
      ...when(pattern, (form) => refuse(`!${this.formOf(form)}.test(value)`)),
    ]
  }

  private ofNumber({ minimum, maximum, exclusiveMinimum }: Node): readonly string[] {
    return [
      ...when(minimum, (least) => refuse(`value < ${least}`)),
      ...when(maximum, (most) => refuse(`value > ${most}`)),
      ...when(exclusiveMinimum, (bound) => refuse(`value <= ${bound}`)),
    ]
  }

  private ofArray({ items, minItems, maxItems, uniqueItems }: Node): readonly string[] {
    if (uniqueItems && !items?.enum && ![items?.type].flat().every((one) => one !== undefined && isScalar(one)))
      throw new Error('only scalars are compared with each other')
    return [
      ...when(minItems, (least) => refuse(`value.length < ${least}`)),
      ...when(maxItems, (most) => refuse(`value.length > ${most}`)),
      ...when(items, (one) => `  for (const item of value) if (!${this.nameOf(one)}(item)) return false`),
      ...(uniqueItems ? [refuse('new Set(value).size < value.length')] : []),
    ]
  }

  private ofObject(node: Node): readonly string[] {
    const { properties = {}, required = [], additionalProperties: others = true, propertyNames } = node
    const { minProperties, maxProperties } = node
    const cases = Object.entries(properties).map(
      ([key, one]) =>
        `      case ${JSON.stringify(key)}:\n        if (value[key] !== undefined && !${this.nameOf(one)}(value[key])) return false\n        break`,
    )
    const rest =
      typeof others === 'object'
        ? [`      default:\n        if (!${this.nameOf(others)}(value[key])) return false`]
        : others
          ? []
          : ['      default:\n        return false']
    return [
      ...required.map((key) => refuse(`value[${JSON.stringify(key)}] === undefined`)),
      ...when(minProperties, (least) => refuse(`Object.keys(value).length < ${least}`)),
      ...when(maxProperties, (most) => refuse(`Object.keys(value).length > ${most}`)),
      ...when(
        propertyNames,
        (one) => `  for (const key in value) if (!${this.nameOf({ type: 'string', ...one })}(key)) return false`,
      ),
      ...(cases.length + rest.length > 0
        ? [`  for (const key in value) {\n    switch (key) {`, ...cases, ...rest, '    }\n  }']
        : []),
    ]
  }
}

const keywords: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern'],
  number: ['minimum', 'maximum', 'exclusiveMinimum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum'],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems'],
  object: ['properties', 'required', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties'],
}

function refuse(condition: string): string {
  return `  if (${condition}) return false`
}

function not(condition: string): string {
  return `!(${condition})`
}

function same(scalar: Scalar): string {
  if (typeof scalar === 'object' && scalar !== null) throw new Error('only scalars are compared')
  return `value === ${JSON.stringify(scalar)}`
}

function isScalar(type: string): boolean {
  return type !== 'array' && type !== 'object'
}

function when<Value>(value: Value | undefined, write: (value: Value) => string): readonly string[] {
  return value === undefined ? [] : [write(value)]
}
