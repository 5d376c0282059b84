/*
 * Forms of names. https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/validation.go
 * Each check returns what is wrong, as the end of a sentence, or undefined.
 */

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const part = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const labelMax = 63
const subdomainMax = 253

export type NameCheck = (name: string) => string | undefined

export const dnsLabel: NameCheck = (name) =>
  tooLong(name, labelMax) ?? (label.test(name) ? undefined : 'may hold lower-case letters, digits and inner hyphens')

/** RFC 1035: begins with a letter. */
export const serviceName: NameCheck = (name) =>
  dnsLabel(name) ?? (/^[a-z]/.test(name) ? undefined : 'must begin with a letter')

export const dnsSubdomain: NameCheck = (name) =>
  tooLong(name, subdomainMax) ??
  (subdomain.test(name) ? undefined : 'may hold lower-case letters, digits, inner hyphens and dots')

export const qualifiedName = soundOnce((name) => {
  const parts = name.split('/')
  const [own = '', prefix] = [...parts].reverse()
  if (parts.length > 2) return 'may hold one slash'
  if (prefix !== undefined && (prefix === '' || dnsSubdomain(prefix) !== undefined))
    return 'must have a DNS name before its slash'
  return tooLong(own, labelMax) ?? (part.test(own) ? undefined : 'may hold letters, digits and inner - _ .')
})

export const labelValue: NameCheck = (value) =>
  tooLong(value, labelMax) ??
  (value === '' || part.test(value) ? undefined : 'may hold letters, digits and inner - _ .')

export const variableName = soundOnce((name) => {
  if (name === '') return 'is missing'
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name) ? undefined : 'may hold printable ASCII but ='
})

export const keyOfMap = soundOnce((name) => {
  if (name === '.' || name === '..' || name.startsWith('..')) return 'may not begin with ..'
  return (
    tooLong(name, subdomainMax) ?? (/^[-._a-zA-Z0-9]+$/.test(name) ? undefined : 'may hold letters, digits and - _ .')
  )
})

export const portName: NameCheck = (name) => {
  const fits = /^[a-z0-9]([a-z0-9]|-(?!-))*$/.test(name) && /[a-z]/.test(name) && !name.endsWith('-')
  return tooLong(name, 15) ?? (fits ? undefined : 'may hold lower-case letters, digits and single inner hyphens')
}

/** A path that never leads up. */
export const pathDown: NameCheck = (path) => (path.split('/').includes('..') ? 'may not hold ..' : undefined)

/** A path that may not leave the folder it starts from. */
export const pathInside: NameCheck = (path) => (path.startsWith('/') ? 'must be relative' : pathDown(path))

export function isAddress(text: string): boolean {
  const four = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/
  return four.test(text) || (/^[0-9a-f:]+(:\d+\.\d+\.\d+\.\d+)?$/i.test(text) && text.includes(':') && isSix(text))
}

function isSix(text: string): boolean {
  const halves = text.split('::')
  const count = text.split(':').filter((one) => one !== '').length + (text.includes('.') ? 1 : 0)
  const sound = text.split(':').every((one) => one.length <= 4 || one.includes('.'))
  return sound && halves.length <= 2 && (halves.length === 2 ? count < 8 : count === 8)
}

const soundMax = 1000

/** A check of names that come again in every manifest: those that were sound are not looked at twice. */
function soundOnce(check: NameCheck): NameCheck {
  const sound = new Set<string>()
  return (name) => {
    if (sound.has(name)) return undefined
    const wrong = check(name)
    if (wrong === undefined && sound.size < soundMax) sound.add(name)
    return wrong
  }
}

function tooLong(text: string, most: number): string | undefined {
  return text.length > most ? `has ${text.length} characters, and may have at most ${most}` : undefined
}
