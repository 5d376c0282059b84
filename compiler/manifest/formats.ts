import { remembered } from '../../domain/remembered.ts'

/*
 * Forms of texts and numbers as the API server checks them.
 * https://github.com/kubernetes/apiextensions-apiserver/blob/master/pkg/apiserver/validation/formats.go
 */

/** `resource.Quantity`. */
const quantity = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/
const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const goDuration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

const forms: Readonly<Record<string, readonly [form: RegExp, called: string]>> = {
  'date-time': [dateTime, 'a time such as 2026-11-21T07:00:00Z'],
  byte: [base64, 'base64'],
  uuid: [uuid, 'a UUID'],
  duration: [goDuration, 'a duration such as 90s'],
  date: [/^\d{4}-\d{2}-\d{2}$/, 'a date such as 2026-11-21'],
}

const int32Max = 2 ** 31 - 1

export function isQuantity(value: unknown): value is string | number {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && quantity.test(value)
}

/** What a text should be and is not; undefined where the format is met, or is none that a server checks. */
export function misformed(text: string, format: string): string | undefined {
  const known = forms[format]
  return known && !known[0].test(text) ? known[1] : undefined
}

/** Whether a number is a whole one that fits the format. */
export function isWhole(value: number, format: unknown): boolean {
  return Number.isInteger(value) && (format !== 'int32' || (value <= int32Max && value >= -int32Max - 1))
}

const suffixes: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/** The number that a quantity stands for, as near as a float comes; undefined for what is none. */
export function amountOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  const amount = amountOfText(value)
  return Number.isNaN(amount) ? undefined : amount
}

/** NaN for what is no quantity. */
const amountOfText = remembered((text) => {
  if (!quantity.test(text)) return Number.NaN
  const [, digits = '', exponent, suffix = ''] = /^([+-]?[\d.]+)(?:[eE]([+-]?\d+)|([A-Za-z]*))$/.exec(text) ?? []
  if (digits === '') return Number(text)
  return Number(digits) * (exponent === undefined ? (suffixes[suffix] ?? Number.NaN) : 10 ** Number(exponent))
})
