import type { Variable } from '../../domain/plan.ts'
import { compareText } from '../../domain/problem.ts'
import { escapePointer } from '../load/walk.ts'
import { problem } from '../problem.ts'
import type { Resolving } from './place.ts'

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
): readonly Variable[] {
  const taken = new Set(own.map((variable) => variable.name))
  const variables = [...own]
  for (const [name, value] of Object.entries(written ?? {})) {
    if (reserved.has(name) || taken.has(name)) {
      resolving.problems.push(
        problem(
          'VARIABLE_RESERVED',
          resolving.at.locateKey(`/spec/env/${escapePointer(name)}`),
          `Specyard sets ${name} itself`,
          {
            hint: 'choose another name',
          },
        ),
      )
      continue
    }
    variables.push(typeof value === 'string' ? { name, value } : { name, secret: value.secret, key: value.key })
  }
  return variables.sort((left, right) => compareText(left.name, right.name))
}
