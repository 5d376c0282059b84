import { boundOf, pointerSteps } from '../load/walk.ts'
import { shortened } from '../problem.ts'
import type { SchemaNode } from './schemas.ts'
import { isObject, shortExample } from './words.ts'

/** A longer text is no number, and no command that somebody would read in a hint. */
const textMax = 160

/** A value of the wrong type: what it is, how it is written, where, and what is wanted there. */
export interface Mistyped {
  readonly found: unknown
  /** As the file has it: `1.10` where the value is 1.1. */
  readonly written: string | undefined
  readonly pointer: string
  readonly types: readonly string[]
  readonly schema: SchemaNode
}

/** The remedy for a value of the wrong type: what YAML made of it, and how to write what was meant. */
export function typeHint(mistyped: Mistyped): string | undefined {
  const { found, types, schema } = mistyped
  const special =
    (types.includes('string') ? textHint(mistyped) : undefined) ??
    (types.includes('boolean') ? switchHint(found) : undefined) ??
    (types.includes('integer') || types.includes('number') ? numberHint(mistyped) : undefined) ??
    (types.includes('array') ? listHint(found) : undefined) ??
    (types.includes('object') ? mappingHint(mistyped) : undefined)
  if (special !== undefined) return special
  if (found === null) return 'give it a value, or remove the key'
  const example = shortExample(schema)
  return example === undefined ? schema.description : `for example ${example}`
}

/** Text is wanted: whatever stands there without quotes is read as something else. */
function textHint({ found, written }: Mistyped): string | undefined {
  // Text in quotes is something else by a tag alone: `!!null ""`.
  if (typeof found !== 'string' && /^["']/.test(written ?? ''))
    return `remove the tag before it: ${shortened(written ?? '')}`
  if (found === null) {
    if (!written) return undefined
    return `quote it if the word is meant: "${written}"; without quotes YAML reads ${written} as no value at all`
  }
  if (typeof found === 'boolean') {
    return `quote it exactly as you mean it: "${written ?? String(found)}"; without quotes YAML reads a switch`
  }
  if (typeof found !== 'number') return undefined
  const text = shortened(written ?? String(found))
  const becomes = text === String(found) ? 'a number' : `${text} as the number ${found}`
  return `quote it exactly as you mean it: "${text}"; without quotes YAML reads ${becomes}`
}

function switchHint(found: unknown): string | undefined {
  if (typeof found === 'string') {
    if (/^(yes|no|on|off|y|n)$/i.test(found))
      return `YAML 1.2 reads ${found} as text; write ${/^(y|yes|on)$/i.test(found) ? 'true' : 'false'}`
    if (/^(true|false)$/i.test(found)) return `remove the quotes: ${found.toLowerCase()}`
  }
  if (found === 0 || found === 1) return `write ${found === 1 ? 'true' : 'false'}`
  return undefined
}

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 }
const unitGigabytes: Readonly<Record<string, number>> = { k: 1e-6, m: 1e-3, g: 1, t: 1e3 }

/** A number is wanted. */
function numberHint({ found, pointer, types }: Mistyped): string | undefined {
  const whole = types.includes('integer') && !types.includes('number')
  if (typeof found === 'number' && whole) {
    return `write a whole number: ${Math.floor(found)} or ${Math.ceil(found)}`
  }
  if (typeof found !== 'string') return undefined
  const text = found.trim()
  if (text.length > textMax) return undefined
  if (/^[-+]?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?$/.test(text)) return withoutQuotes(Number(text))
  if (/^\d{1,3}([_,' ]\d{3})+(\.\d+)?$/.test(text) || /^\d+(_\d+)+(\.\d+)?$/.test(text))
    return `write the digits alone: ${text.replaceAll(/[^\d.]/g, '')}; YAML 1.2 reads ${text} as text`
  if (/^\d+,\d+$/.test(text)) return `write a point for the fraction: ${text.replace(',', '.')}`
  if (/^\d+(:[0-5]?\d)+$/.test(text)) return `YAML 1.2 reads ${text} as text; ${inUnit(pointer) ?? 'write a number'}`
  if (/^[-+]?0b[01]+$/.test(text)) return `YAML 1.2 knows no binary numbers: write ${Number(text.replace(/^[-+]/, ''))}`
  if (/^\d+(\.\d+)?\s*%$/.test(text)) return `write a number: a share of ${text} is ${Number.parseFloat(text) / 100}`
  return unitHint(text, pointer)
}

/** Of a number in quotes; one that would be refused without them is too large all the same. */
function withoutQuotes(number: number): string {
  const isBeyond = Number.isInteger(number) ? !Number.isSafeInteger(number) : !Number.isFinite(number)
  return isBeyond ? boundOf(number) : 'remove the quotes'
}

/** A number with a unit where the key's name says the unit. */
function unitHint(text: string, pointer: string): string | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text) ?? []
  const key = pointerSteps(pointer).at(-1) ?? ''
  const said = inUnit(pointer)
  if (number === undefined || unit === undefined || said === undefined) return said
  const seconds =
    unitSeconds[
      unit
        .toLowerCase()
        .replace(/^(sec|second|seconds)$/, 's')
        .replace(/^(minutes?|mins)$/, 'min')
    ]
  const gigabytes = unitGigabytes[unit.toLowerCase().replace(/i?b?$/, '')]
  const amount = /Gb$/.test(key) ? gigabytes : /Ms$/.test(key) && seconds !== undefined ? seconds * 1000 : seconds
  return amount === undefined ? said : `${said}: ${Number((Number(number) * amount).toFixed(3))}`
}

/** The unit that a key's name says, as a remedy. */
export function inUnit(pointer: string): string | undefined {
  const key = pointerSteps(pointer).at(-1) ?? ''
  const units: readonly (readonly [RegExp, string])[] = [
    [/Seconds$/, 'seconds'],
    [/Ms$/, 'milliseconds'],
    [/Gb$/, 'gigabytes'],
    [/Hours/, 'hours'],
  ]
  const unit = units.find(([form]) => form.test(key))?.[1]
  return unit === undefined ? undefined : `write it in ${unit}, as a number alone`
}

function listHint(found: unknown): string | undefined {
  if ((typeof found !== 'string' && typeof found !== 'number') || String(found).length > textMax) return undefined
  const words = String(found).trim().split(/\s+/)
  if (words.some((word) => word === '' || /["'\\$|&;<>(){}[\],#]/.test(word))) return undefined
  return `write a list: [${words.map((word) => (/^[A-Za-z][\w./-]*$/.test(word) ? word : JSON.stringify(word))).join(', ')}]`
}

function mappingHint({ found, written, schema }: Mistyped): string | undefined {
  if (typeof found !== 'string') return undefined
  const glued = /^([A-Za-z]\w*):(\S+)$/.exec(written ?? found)
  if (glued && isObject(schema.properties) && glued[1] !== undefined && Object.hasOwn(schema.properties, glued[1]))
    return `put a space behind the colon: ${glued[1]}: ${glued[2]}`
  return undefined
}
