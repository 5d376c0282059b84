import { remembered } from '../../domain/remembered.ts'

export type Scalar = string | number | boolean | null

/**
 * Characters that YAML 1.1 or 1.2 parsers take for line breaks, refuse, or drop when they stand unescaped: DEL and the C1 controls (NEL among
 * them), line and paragraph separators, byte order mark, non-characters.
 */
const unsafe = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/** What a double-quoted text cannot hold as it is, or may need a look: all but printable ASCII without the quote and the backslash. */
const special = /[^ !#-[\]-~]/

/** Whatever may have to be written in another way than JSON does. */
const beyondJson = /[^ -~]/

/**
 * Writes one value as a YAML flow scalar on one line; text is always double-quoted, so that no text can become a key, a comment or a
 * document of its own. Half a surrogate pair, which no UTF-8 file can hold, becomes U+FFFD.
 * @see https://yaml.org/spec/1.2.2/#731-double-quoted-style
 */
export function scalarText(value: Scalar): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return value.length > wordLength ? quoted(value) : quotedWord(value)
}

/** Most texts that are no longer are names that come again in every manifest; longer ones are a run's own, mostly. */
export const wordLength = 24
const quotedWord = remembered(quoted)

function quoted(text: string): string {
  if (!special.test(text)) return `"${text}"`
  if (!beyondJson.test(text)) return JSON.stringify(text)
  return JSON.stringify(wellFormed(text)).replace(unsafe, escapeCharacter)
}

/**
 * Writes a JSON text that means the same and holds no `$`, because Kubernetes expands `$(NAME)` and `$$` in variables.
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function jsonWithoutDollar(json: string): string {
  return json.replaceAll('$', '\\u0024')
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}
