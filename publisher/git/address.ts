import { isAbsolute } from 'node:path'
import { Fault } from '../../domain/fault.ts'

/** Where a repository is: an absolute path of this machine, or an https, http, ssh or file URL, or `user@host:path`. */
export interface Address {
  readonly url: string
  /** The folder, where the repository is on this machine. */
  readonly folder: string | null
  /** User names and passwords in the URL, as written and decoded: never to be shown. */
  readonly secrets: readonly string[]
}

/**
 * Checks an address before Git sees it: what Git would take for an option, a transport helper (`ext::`) or a command is refused.
 * @throws Fault SETTINGS_INVALID
 */
export function checkedAddress(url: string): Address {
  if (!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(url)) {
    if (isAbsolute(url)) return { url, folder: url, secrets: [] }
    if (/^(https?|ssh|file):\/\/[^\s]+$/.test(url) && !hidesCredentials(url)) {
      const parsed = URL.canParse(url) ? new URL(url) : undefined
      const hostIsSafe =
        parsed && !decoded(parsed.hostname).startsWith('-') && !decoded(parsed.username).startsWith('-')
      if (hostIsSafe && parsed.protocol === 'file:') return { url, folder: decoded(parsed.pathname), secrets: [] }
      if (hostIsSafe && parsed.hostname !== '') return { url, folder: null, secrets: secretsOf(parsed) }
    }
    if (/^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[^-:\s][^\s]*$/.test(url)) return { url, folder: null, secrets: [] }
  }
  throw new Fault('SETTINGS_INVALID', `${JSON.stringify(recognisable(url))} is not an address of a repository`, {
    retry: 'never',
    hint: hidesCredentials(url)
      ? 'write an @ that is not the end of user and password as %40, and a / inside a password as %2F'
      : 'use an absolute path, an https://, ssh:// or file:// URL, or user@host:path',
  })
}

/** As much of what is no address as can be shown: nobody knows where in it a password begins or ends. */
function recognisable(url: string): string {
  if (/^[\w./ -]*$/.test(url)) return url
  return `${/^(https?|ssh|file|git|ftp):\/\//i.exec(url)?.[0] ?? ''}…`
}

/**
 * Whether a URL has an @ behind what would be its host. A password with a slash in it that nobody encoded looks so: Git would take its beginning for a
 * host, look that up and print the whole.
 */
function hidesCredentials(url: string): boolean {
  return /^(?!file:)[a-z][a-z0-9+.-]*:\/\/[^/?#]*[/?#].*@/i.test(url)
}

/** @throws Fault SETTINGS_INVALID for a name that Git would not take for a branch, or might take for something else */
export function checkedBranch(branch: string): string {
  const wellFormed = /^[A-Za-z0-9_][\w.+/@-]*$/.test(branch) && !/\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[./]$/.test(branch)
  // Git has these of its own: a branch of such a name would be taken for another one.
  const isReference = branch === 'HEAD' || branch.startsWith('refs/')
  if (wellFormed && !isReference) return branch
  throw new Fault('SETTINGS_INVALID', `${JSON.stringify(branch)} is not a name of a branch`, {
    retry: 'never',
    hint: isReference
      ? 'write the branch alone, such as main for refs/heads/main'
      : 'use letters, digits, and . _ - / between them',
  })
}

/** Takes everything before the last @ out of every URL of a text, and the given secrets wherever they stand. */
export function withoutCredentials(text: string, secrets: readonly string[] = []): string {
  let shown = text.replace(/([a-z][a-z0-9+.-]*:\/\/)\S*@/gi, (whole: string, scheme: string) =>
    /file:/i.test(scheme) ? whole : scheme,
  )
  for (const secret of secrets) shown = shown.replaceAll(secret, '***')
  return shown
}

/** The URL of a remote as records may hold it: no password, and no user where that can be a token; null for what is no URL. */
export function publicUrl(url: string): string | null {
  if (url === '' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(url) || hidesCredentials(url)) return null
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return url
  if (!URL.canParse(url)) return withoutCredentials(url)
  const parsed = new URL(url)
  if (parsed.protocol === 'ssh:') return url.replace(/^(ssh:\/\/[^\s/:@]*):[^\s/]*@/i, '$1@')
  return withoutCredentials(url).replace(/[?#].*$/, '')
}

function secretsOf(parsed: URL): readonly string[] {
  const name = parsed.protocol === 'ssh:' ? [] : [parsed.username, decoded(parsed.username)]
  const all = [...name, parsed.password, decoded(parsed.password)]
  // One- and two-letter names would blank out half of a message, and are no secrets.
  return [...new Set(all)].filter((text) => text.length > 2).sort((left, right) => right.length - left.length)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
