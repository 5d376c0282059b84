import { Fault } from '../domain/fault.ts'
import type { SourceRecord } from '../domain/ledger.ts'
import { type PublishedChange, trailers } from '../domain/publication.ts'

const subjectLengthMax = 72

/**
 * The message of a commit of ours: subject, body, and as its last paragraph the trailers.
 * @param proposedTo the branch that a person has to merge it into, where one has to
 * @throws Fault GIT_FAILED for a trailer or subject of more than one line, which could pass for other trailers
 */
export function commitMessage(
  change: Omit<PublishedChange, 'files'>,
  source: SourceRecord | null,
  requestId: string,
  proposedTo: string | null = null,
): string {
  const values: readonly (readonly [string, string | null])[] = [
    [trailers.request, requestId],
    [trailers.action, change.action],
    [trailers.sourceRepository, source?.repository ?? null],
    [trailers.sourceCommit, source?.commit ?? null],
    [trailers.sourceDirty, source ? String(source.dirty) : null],
    ...change.subjects.map((subject) => [trailers.subject, subject] as const),
    ...(change.specs ?? []).map((path) => [trailers.spec, path] as const),
    [trailers.proposedTo, proposedTo],
  ]
  const block = values.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${oneLine(name, value)}`]))
  const body = change.body.replaceAll('\0', '').replaceAll(/\r\n?/g, '\n').trim()
  const parts = [subjectLine(change.subject), body, block.join('\n')]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** The subject as it goes into the commit: cut at 72 characters. */
export function subjectLine(subject: string): string {
  const characters = [...oneLine('subject', subject)]
  if (characters.length === 0) throw refused('subject')
  if (characters.length <= subjectLengthMax) return characters.join('')
  return `${characters.slice(0, subjectLengthMax - 1).join('')}…`
}

/** What the trailers of a message say; undefined for a message that no commit of ours can have. */
export interface SaidTrailers {
  readonly requestId: string
  readonly action: string
  readonly subjects: readonly string[]
  readonly specs: readonly string[]
  readonly sourceRepository: string | null
  readonly sourceCommit: string | null
  readonly sourceDirty: boolean
  readonly proposedTo: string | null
}

/**
 * Reads our trailers from the last paragraph of a message: nothing above it counts, whatever it looks like.
 * Each but the subject stands there once at most, and the request is a UUID.
 */
export function readTrailers(message: string): SaidTrailers | undefined {
  const paragraphs = message.trimEnd().split(/\n\n+/)
  const values = new Map<string, string[]>()
  if (paragraphs.length < 2) return undefined
  for (const line of (paragraphs.at(-1) ?? '').split('\n')) {
    const [, name, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const said = values.get(name)
    if (said) said.push(value)
    else values.set(name, [value])
  }
  const single = [
    trailers.request,
    trailers.action,
    trailers.sourceRepository,
    trailers.sourceCommit,
    trailers.sourceDirty,
    trailers.proposedTo,
  ]
  if (single.some((name) => (values.get(name)?.length ?? 0) > 1)) return undefined
  const [requestId] = values.get(trailers.request) ?? []
  if (!requestId || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId)) return undefined
  const [sourceCommit = null] = values.get(trailers.sourceCommit) ?? []
  return {
    requestId,
    action: values.get(trailers.action)?.[0] ?? '',
    subjects: values.get(trailers.subject) ?? [],
    specs: values.get(trailers.spec) ?? [],
    sourceRepository: values.get(trailers.sourceRepository)?.[0] ?? null,
    sourceCommit,
    sourceDirty: values.get(trailers.sourceDirty)?.[0] === 'true',
    proposedTo: values.get(trailers.proposedTo)?.[0] ?? null,
  }
}

function oneLine(what: string, text: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw refused(what)
  return text.trim()
}

function refused(what: string): Fault {
  return new Fault('GIT_FAILED', `the ${what} of a commit must be one line of text without control characters`, {
    retry: 'never',
    hint: 'this is a mistake in Specyard itself: please report it',
  })
}
