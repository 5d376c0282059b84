import en from 'zod/v4/locales/en.js'
import * as z from 'zod/mini'
import { escapePointer, valueAt } from '../../compiler/load/walk.ts'
import { nearest } from '../../compiler/validate/nearest.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'
import { usual } from './usual-settings.ts'

/*
 * What `specyard.yaml` may say. Of it a function is made that tells whether a file says nothing else (`tools/generate-sound.ts`); this here is loaded
 * where one does, and for editors.
 */

const branchName = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/
const branchWords = 'a branch begins with a letter or a digit, and has letters, digits and the signs . _ / - alone'

// The small build of the library, which loads in less time.
const graceSeconds = z.optional(z.number().check(z.minimum(1), z.maximum(86_400)))
const repository = z.optional(z.string().check(z.minLength(1)))
const branch = z._default(z.string().check(z.regex(branchName, branchWords)), usual.branch)
const port = z._default(z.int().check(z.minimum(0), z.maximum(65_535)), usual.port)

export const settingsSchema = z.strictObject({
  apiVersion: z.literal('specyard.dev/v1'),
  kind: z.literal('Settings'),
  deploy: z.prefault(z.strictObject({ repository, branch, sign: z.optional(z.boolean()) }), {}),
  specs: z.prefault(
    z.strictObject({ repository, branch, pullRequests: z._default(z.boolean(), usual.pullRequests) }),
    {},
  ),
  api: z.prefault(z.strictObject({ port }), {}),
  reconcile: z.prefault(
    z.strictObject({
      cron: z._default(z.string(), usual.cron),
      graceSeconds: z.prefault(
        z.strictObject({
          ...{ end: graceSeconds, lost: graceSeconds, configuration: graceSeconds, image: graceSeconds },
          ...{ quota: graceSeconds, prune: graceSeconds },
        }),
        {},
      ),
    }),
    {},
  ),
  /** Templates and patches of projects: the compiler's to check, at their places. */
  projects: z.optional(z.unknown()),
})

/** What a settings file says. */
export type WrittenSettings = z.input<typeof settingsSchema>
/** With what holds where it says nothing. */
export type WholeSettings = z.output<typeof settingsSchema>

/** What is wrong in a settings file, for whoever knows its places. */
export interface WrongInSettings {
  readonly code: ProblemCode
  /** JSON pointer of what is wrong, and whether it is a key that should not be there rather than its value. */
  readonly pointer: string
  readonly isKey: boolean
  readonly message: string
  /** What to write instead, where that is known. */
  readonly hint?: string
}

/** Everything that is wrong with the value of a settings file; none for one that is right. */
export function wrongInSettings(value: unknown): readonly WrongInSettings[] {
  const { success, error } = settingsSchema.safeParse(value, { error: en().localeError })
  return success ? [] : error.issues.flatMap((issue) => wrongOf(issue, value))
}

function wrongOf(issue: z.core.$ZodIssue, value: unknown): readonly WrongInSettings[] {
  const path = issue.path.map(String)
  const where = path.join('.') || 'document'
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, where))
  const isMissing = path.length > 0 && valueAt(value, pointerTo(path)) === undefined
  const code = isMissing ? 'KEY_MISSING' : codeOf(issue)
  const hint = remedyFor(partAt(path))
  const message = `${where}: ${issue.message}`
  return [{ code, pointer: pointerTo(path), isKey: false, message, ...(hint === undefined ? {} : { hint }) }]
}

function codeOf({ code }: z.core.$ZodIssue): ProblemCode {
  if (code === 'invalid_value') return 'VALUE_NOT_ALLOWED'
  if (code === 'invalid_format') return 'FORMAT_WRONG'
  return code === 'too_small' || code === 'too_big' ? 'VALUE_OUT_OF_RANGE' : 'TYPE_WRONG'
}

function unknownKey(key: string, path: readonly string[], where: string): WrongInSettings {
  const known = keysAt(path)
  const near = nearest(key, known)
  return {
    code: 'KEY_UNKNOWN',
    pointer: pointerTo([...path, key]),
    isKey: true,
    message: `${where}: unknown key ${JSON.stringify(key)}`,
    hint: near === undefined ? `use one of: ${known.join(', ')}` : `did you mean ${near}?`,
  }
}

function pointerTo(path: readonly string[]): string {
  return path.map((key) => `/${escapePointer(key)}`).join('')
}

/** The keys that may stand there. */
function keysAt(path: readonly string[]): readonly string[] {
  return Object.keys(partAt(path)?.properties ?? {})
}

function partAt(path: readonly string[]): PartOfSchema | undefined {
  let node: PartOfSchema | undefined = settingsSchemaDocument() as PartOfSchema
  for (const key of path) node = node?.properties?.[key]
  return node
}

interface PartOfSchema {
  readonly type?: string
  readonly const?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly properties?: { readonly [key: string]: PartOfSchema }
}

/** What may stand there; undefined where the message has said it. */
function remedyFor(part: PartOfSchema | undefined): string | undefined {
  if (part?.const !== undefined) return `write ${part.const}`
  if (part?.properties) return `write a mapping of some of: ${Object.keys(part.properties).join(', ')}`
  if (part?.type === 'boolean') return 'write true or false'
  if (part?.type === 'integer' || part?.type === 'number')
    return `write a ${part.type === 'integer' ? 'whole number' : 'number'} from ${part.minimum} to ${part.maximum}`
  return part?.type === 'string' && part.pattern === undefined ? 'write a text' : undefined
}

/** The JSON Schema of the settings file, in the draft 2020-12, for editors. */
export function settingsSchemaDocument(): { readonly title: string; readonly [keyword: string]: unknown } {
  const { $schema, ...schema } = z.toJSONSchema(settingsSchema, { target: 'draft-2020-12', io: 'input' })
  const $id = 'https://specyard.dev/schemas/v1/settings.schema.json'
  return {
    $schema,
    $id,
    title: 'Settings',
    description: 'The settings of a spec repository: specyard.yaml.',
    ...schema,
  }
}
