import type { Document } from '../load/document.ts'
import { escapePointer } from '../load/walk.ts'
import { remembered } from '../../domain/remembered.ts'
import type { FoundSecret } from '../compile-types.ts'
import { isEncrypted } from './sops.ts'

/*
 * Secrets that no pattern knows, found by what they are called: `DB_PASSWORD: hunter2`. They can stand where names are free: in variables, and in words
 * of a command line. The rules of a library, which know what tokens look like, are held against whole files elsewhere.
 */

const surely =
  /(?:password|passwd|passphrase|(?:pg|db|database|mysql|postgres|redis|smtp|mail|user|admin|root|registry|proxy)_?pass|(?:^|[_.-])(?:pwd|secret|client[_-]?secret|secret[_-]?key|private[_-]?key|access[_-]?key|api[_-]?key|apikey|auth[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?))$/i
/** A password whose owner is named behind it, as in PASSWORD_DB, and not what is said of passwords, as in PASSWORD_POLICY. */
const passwordOf =
  /^(?:password|passwd|passphrase)[_.-](?!(?:.*[_.-])?(?:file|path|hash|hashing|algorithm|length|size|policy|field|column|name|label|prompt|url|uri|enabled|required|reset|rule|rules|min|max|ref|id|type|encoder|encoding|source|command|cmd|env|var|key|expiry|ttl|days|count|store|manager|provider|salt|rounds|cost|strength)$)/i
const perhaps = /(?:^|[_.-])(?:token|auth)$/i
/** How all of these names end. Most names end otherwise, and never meet the patterns: V8 takes a millisecond to compile those. */
const endings = [
  'word',
  'pass',
  'passwd',
  'phrase',
  'pwd',
  'secret',
  'key',
  'credential',
  'credentials',
  'token',
  'auth',
]
/** Tokens of texts, and not of doors. */
const tokensOfText =
  /(?:^|_)(?:pad|eos|bos|unk|mask|cls|sep|special|stop|start|end|image|prompt|next|first|last|new|max|min)_token$/i
/** What stands for a value and is none: references to other variables, paths, addresses, words that switch, and what is encrypted. */
const standsFor =
  /^(?:\$[({].*[)}]|<.*>|\[.*\]|\{\{.*\}\}|\.{0,2}\/.*|file:.*|https?:\/\/[^@]*|true|false|yes|no|on|off|none|null|nil|auto|default|disabled?|enabled?|env|secret|vault|keyring|\*+|x+)$/i

const assigned = /^-{0,2}([A-Za-z][\w.-]*)=(.+)$/s
const option = /^--?([A-Za-z][\w.-]*)$/

/** Literal secrets among the variables and words of a spec, at the place of each value. */
export function namedSecrets(document: Document): readonly FoundSecret[] {
  const found = namedIn(document)
  return found.length === 0
    ? none
    : found.map(({ pointer, name }) => ({ where: document.locate(pointer), what: `the value of ${name}` }))
}

/** What those secrets read as, whatever quotes, escapes or aliases they are written with. */
export function namedValues(document: Document): readonly string[] {
  return namedIn(document).map(({ value }) => value)
}

function namedIn({ value }: Document): readonly Named[] {
  const found: Named[] = []
  const spec = blockOf(value, 'spec')
  if (!spec) return found
  findIn(spec, () => '/spec', found)
  if (spec['patches'] !== undefined) findPairs(spec['patches'], '/spec/patches', found)
  const overlays = blockOf(spec, 'environments') ?? {}
  for (const name of Object.keys(overlays)) {
    const overlay = overlays[name]
    if (typeof overlay === 'object' && overlay !== null)
      findIn(overlay as Block, () => `/spec/environments/${escapePointer(name)}`, found)
  }
  return found
}

const none: readonly FoundSecret[] = []

type Block = Readonly<Record<string, unknown>>

interface Named {
  readonly pointer: string
  readonly name: string
  readonly value: string
}

function findIn(block: Block, at: () => string, found: Named[]): void {
  const env = blockOf(block, 'env') ?? {}
  for (const name of Object.keys(env)) {
    const value = env[name]
    if (typeof value === 'string' && isSecret(name, value))
      found.push({ pointer: `${at()}/env/${escapePointer(name)}`, name, value })
  }
  for (const list of commandLines) {
    const words = block[list]
    if (!Array.isArray(words)) continue
    words.forEach((word: unknown, index) => {
      if (typeof word !== 'string') return
      const name = nameOfWord(word, words[index - 1])
      if (name !== undefined) found.push({ pointer: `${at()}/${list}/${index}`, name, value: word })
    })
  }
}

/** Variables as manifests have them, `{ name: …, value: … }`, which patches add. */
function findPairs(value: unknown, at: string, found: Named[]): void {
  if (typeof value !== 'object' || value === null) return
  const { name, value: own } = value as Block
  if (typeof name === 'string' && typeof own === 'string' && isSecret(name, own))
    found.push({ pointer: `${at}/value`, name, value: own })
  for (const [key, inner] of Object.entries(value)) findPairs(inner, `${at}/${escapePointer(key)}`, found)
}

const commandLines = ['command', 'args'] as const

/** The name that makes a secret of a word of a command line: its own, as in `--password=…`, or that of the word before. */
function nameOfWord(word: string, before: unknown): string | undefined {
  const [, own, value] = assigned.exec(word) ?? []
  if (own !== undefined && value !== undefined && isSecret(own, value)) return own
  const [, option_] = typeof before === 'string' ? (option.exec(before) ?? []) : []
  return option_ !== undefined && !word.startsWith('-') && isSecret(option_, word) ? option_ : undefined
}

/** A shorter text is taken for no secret. */
export const secretLengthMin = 4
/** A word that is called a token and has fewer characters, or no digit, is a word. */
const tokenLengthMin = 12

/** Whether what is called so may be a secret. */
export function isSecretName(name: string): boolean {
  return isSurely(name) || isPerhaps(name)
}

export function isSecret(name: string, value: string): boolean {
  const isNamed = isSurely(name)
  if (!isNamed && !isPerhaps(name)) return false
  const text = value.trim()
  if (text.length < secretLengthMin || standsFor.test(text) || isEncrypted(text)) return false
  return isNamed || (text.length >= tokenLengthMin && /\d/.test(text) && !/\s/.test(text))
}

// Names come again in every spec.
const isSurely = remembered((name) => {
  if (name.length > beginning.length && name.toLowerCase().startsWith(beginning) && passwordOf.test(name)) return true
  return endsAsSecretsDo(name) && surely.test(inWords(name))
})
const isPerhaps = remembered((name) => {
  if (!endsAsSecretsDo(name)) return false
  const words = inWords(name)
  return perhaps.test(words) && !tokensOfText.test(words)
})
/** How all names begin that begin with what they are. */
const beginning = 'pass'

function endsAsSecretsDo(name: string): boolean {
  const lower = name.toLowerCase()
  return endings.some((ending) => lower.endsWith(ending))
}

/** `dbApiKey` as `db_Api_Key`. */
function inWords(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
}

function blockOf(value: unknown, key: string): Block | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const inner = (value as Block)[key]
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Block) : undefined
}
