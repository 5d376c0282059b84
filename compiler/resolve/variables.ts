import type { Variable } from '../../domain/plan.ts'
import type { Related } from '../../domain/problem.ts'
import { sortByName } from '../by-name.ts'
import { escapePointer } from '../load/walk.ts'
import { below } from './origins.ts'
import type { Resolving } from './place.ts'
import { environmentPart, tell } from './tell.ts'

type Written = Readonly<Record<string, string | { readonly secret: string; readonly key: string }>>

/** Names that Specyard sets itself, in every container or in that of an attempt or a pinned model. */
const reserved = new Set([
  'ATTEMPT',
  'BACKEND_BASE_URL',
  'CALLBACK_TOKEN',
  'CALLBACK_TOKEN_FILE',
  'CHECKPOINT_URI',
  'JOB_ID',
  'JOB_UID',
  'KUBEFLOW_TRAINER_SERVER_TOKEN',
  'KUBEFLOW_TRAINER_SERVER_URL',
  'LEASE_JOB_UID',
  'MASTER_ADDR',
  'MASTER_PORT',
  'MLFLOW_RUN_CONTEXT',
  'MODEL_DIGEST',
  'MODEL_NAME',
  'MODEL_URI',
  'MODEL_VERSION',
  'NNODES',
  'NODE_RANK',
  'POD_NAME',
  'POD_UID',
  'TRACE_ID',
  'TRAINING_CONFIG',
  'WORLD_SIZE',
])

/** Joins what Specyard sets and what a person wrote, sorted by name. A person's variable of a reserved or taken name is a problem. */
export function resolveVariables(
  own: readonly Variable[],
  written: Written | undefined,
  resolving: Resolving,
  environment: string,
): readonly Variable[] {
  const variables = [...own]
  for (const name of Object.keys(written ?? {})) {
    const value = written?.[name]
    if (value === undefined) continue
    if (reserved.has(name) || own.some((variable) => variable.name === name)) {
      tell(resolving, 'VARIABLE_RESERVED', `/spec/env/${escapePointer(name)}`, `Specyard sets ${name} itself`, {
        hint: 'choose another name',
        also: settingOf(name, environment, resolving),
        key: true,
      })
      continue
    }
    if (typeof value === 'string' && value.includes('\0')) tellUnfit(`/spec/env/${escapePointer(name)}`, resolving)
    if (resolving.origins) noteWritten(resolving, name, typeof value === 'string')
    variables.push(typeof value === 'string' ? { name, value } : { name, secret: value.secret, key: value.key })
  }
  return sortByName(variables)
}

/** A program gets its variables and arguments as texts that end with U+0000: no container starts with one that holds it. */
export function checkTexts(
  { command, args }: { readonly command?: readonly string[]; readonly args?: readonly string[] },
  resolving: Resolving,
): void {
  for (const [key, texts] of [['command', command] as const, ['args', args] as const])
    texts?.forEach((text, index) => {
      if (text.includes('\0')) tellUnfit(`/spec/${key}/${index}`, resolving)
    })
}

function tellUnfit(pointer: string, resolving: Resolving): void {
  const message = 'the text holds the character U+0000, which no program can be given'
  tell(resolving, 'FORMAT_WRONG', pointer, message, { hint: 'leave it out' })
}

/** What in the Environment makes Specyard set a variable, where something there does. */
function settingOf(name: string, environment: string, resolving: Resolving): readonly Related[] {
  if (/^(STORAGE|S3|R2|GCS)_/.test(name))
    return environmentPart(resolving, environment, '/spec/storage', 'the storage of the environment')
  if (name.startsWith('MLFLOW_'))
    return environmentPart(resolving, environment, '/spec/tracker', 'the tracker of the environment')
  return []
}

function noteWritten({ origins }: Resolving, name: string, isLiteral: boolean): void {
  const origin = { from: 'spec', pointer: below('/spec/env', name) } as const
  origins?.note(below('/variables', name), origin)
  // A literal stands in the spec by itself, in the plan beside its name.
  if (isLiteral) origins?.note(`${below('/variables', name)}/value`, origin)
}
