import type { FoundSecret } from '../../compiler/compile-types.ts'
import { loadDocuments } from '../../compiler/load/document.ts'
import { hider, masked, textsOf, withoutRanges } from '../../compiler/secrets/hide.ts'
import { isSecret, namedSecrets } from '../../compiler/secrets/named.ts'
import { unescaped } from '../../compiler/secrets/unescaped.ts'
import { writtenSecrets } from '../../compiler/secrets/written.ts'
import type { SourceFile } from '../../domain/publication.ts'

/*
 * The rules are secretlint's recommended ones. They take a third of a millisecond for each file and are not synchronous, so they are asked here, at the
 * edge, and only about texts that hold one of the beginnings that they look for; the compiler is told the places.
 */

/** What a text must hold for any of the rules to find something in it; a test holds the two together. */
const beginnings =
  /\bA3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA|PRIVATE KEY|x-oauth-basic|_authToken|npm_|xox[a-z]-|xapp-|sk-|gsk_|hf_|lin_api_|ntn_|SG\.|shp(?:pa|ca|at|ss)_|gh[pousr]_|github_pat_|glpat-|glc_|glsa_|ops_ey|hv[sbr]\.|vc[piark]_|dapi|dckr_pat_|figd_/
const beginningsOfAnyCase =
  /access_?key|hooks\.slack\.com|:\/\/[^\s/@]*:[^\s/@]+@|(?:mongodb|mysql|postgres)[a-z+]*:\/\//i
/** A password in an address: the rules know it only of hosts as the Internet has them, and not of `git.internal` or `registry:5000`. */
const passwordsInAddresses = /:\/\/[^\s/@:"'<>]*:([^\s/@"'<>]+)@(?!localhost\b|127\.0\.0\.1\b)[\w[]/g
/** What stands where a password will: a variable somewhere in it, or the word itself. */
const noPassword = /[$%{]|^(?:my|your)?[-_]?(?:password|passwd|pass|pwd|secret|token)$/i
const encrypted = /ENC\[AES256_GCM,[^\]]*\]/g

/** Whether the rules could find anything in a text. */
export function mayHoldSecret(text: string): boolean {
  return beginnings.test(text) || beginningsOfAnyCase.test(text)
}

/** Places of literal secrets in files, by the rules of secretlint; what SOPS encrypted is none. Their text is handed on nowhere. */
export async function findSecrets(files: readonly SourceFile[]): Promise<readonly FoundSecret[]> {
  const found: FoundSecret[] = []
  for (const { path, bytes } of files) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    for (const { begin, end, what } of await foundIn(text, path))
      found.push({ where: { file: path, ...positionOf(text, begin), end: positionOf(text, end) }, what })
  }
  return found
}

/** A text without the secrets that the rules find in it, for what is printed of files that are nobody's spec. */
export async function withoutSecrets(text: string): Promise<string> {
  const ranges = await foundIn(text, 'output.txt')
  return withoutRanges(
    text,
    ranges.map(({ begin, end }) => [begin, end] as const),
  )
}

/** Places of literal secrets in files by the rules and by the names of values, for those who compile nothing. */
export async function allSecrets(files: readonly SourceFile[]): Promise<readonly FoundSecret[]> {
  const named = files.flatMap((file) => loadDocuments(file).documents.flatMap(namedSecrets))
  return [...(await findSecrets(files)), ...named]
}

/** The text of a spec file without its secrets, in as many lines, for whoever shows some of them; with its byte order mark. */
export async function maskedText(file: SourceFile): Promise<string> {
  const found = [...(await allSecrets([file])), ...writtenSecrets(file)]
  const text = Buffer.from(file.bytes).toString('utf8')
  const places = found.map(({ where }) => where)
  return hider(textsOf(found, [file]))(masked(text, places))
}

interface Found {
  readonly begin: number
  readonly end: number
  readonly what: string
}

const nothing: readonly Found[] = []

/** What the rules find in a text as it is written, and as it reads where escapes stand in it: `"\x67hp_…"` is a token too. */
async function foundIn(text: string, path: string): Promise<readonly Found[]> {
  const written = mayHoldSecret(text) ? await rangesOf(text, path) : nothing
  const read = unescaped(text)
  if (!read || !mayHoldSecret(read.text)) return written
  const known = new Set(written.map(({ begin, end }) => `${begin}-${end}`))
  const others = (await rangesOf(read.text, path)).map((one) => {
    const [begin, end] = read.range(one.begin, one.end)
    return { ...one, begin, end }
  })
  return [...written, ...others.filter(({ begin, end }) => !known.has(`${begin}-${end}`))]
}

async function rangesOf(text: string, path: string): Promise<readonly Found[]> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ])
  const { messages } = await lintSource({
    source: { content: text, filePath: `/${path}`, ext: '.yaml', contentType: 'text' },
    options: {
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] },
      maskSecrets: true,
      noPhysicFilePath: true,
    },
  })
  const safe = [...text.matchAll(encrypted)].map((one) => [one.index, one.index + one[0].length] as const)
  const found = messages.map(({ range: [begin, end], messageId }) => ({
    ...{ begin, end, what: messageId.replaceAll('_', ' ') },
  }))
  const others = passwordsIn(text).filter((one) => !found.some(({ begin, end }) => one.begin < end && begin < one.end))
  return [...found, ...others].filter(({ begin, end }) => !safe.some(([from, to]) => begin >= from && end <= to))
}

function passwordsIn(text: string): readonly Found[] {
  return [...text.matchAll(passwordsInAddresses)].flatMap((one) => {
    const password = one[1] ?? ''
    if (noPassword.test(password) || !isSecret('password', password)) return []
    const begin = one.index + one[0].lastIndexOf(`${password}@`)
    return [{ begin, end: begin + password.length, what: 'a password in an address' }]
  })
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
