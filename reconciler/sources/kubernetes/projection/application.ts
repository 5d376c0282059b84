import type { SeenApplication, SeenOperation } from '../../../../domain/observation.ts'
import type { ApiApplication, ApiObject, ApiRevision } from './api-object.ts'
import { time } from './fields.ts'

/** A refused Job is quoted whole in the message that refuses it. */
const messageCharactersMax = 4096

/**
 * What Argo CD says of an Application. Its health says nothing to us. `status.sync.revision` is what was compared; only where the comparison found
 * no difference it is also what was applied, be it without an operation, because the commit changed nothing here.
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml
 */
export function seenApplication(object: ApiObject): SeenApplication | undefined {
  const { metadata = {}, status } = object as ApiApplication
  if (metadata.name === undefined) return undefined
  const { operationState: operation, conditions = [] } = status ?? {}
  // A condition that is an error says why nothing is applied although the last operation may have been fine.
  const error = conditions.find((one) => /Error$/.test(one.type ?? ''))
  const phase = phaseOf(operation?.phase)
  const base = {
    name: metadata.name,
    appliedRevision: appliedRevision(status),
    comparedRevision: revision(status?.sync),
    operation: seenOperation(operation),
  }
  const syncFailed = failedObjects(operation).length > 0 || (operation?.retryCount ?? 0) > 0
  if (phase === 'Running')
    return { ...base, phase, message: cut(messageOf(operation)), ...(syncFailed && { syncFailed }) }
  if (!error && isSynced(status)) return { ...base, phase: 'Succeeded', message: cut(operation?.message ?? '') }
  if (!error || phase === 'Failed')
    return { ...base, phase, message: cut(messageOf(operation)), ...(phase === 'Failed' && { syncFailed: true }) }
  return { ...base, phase: 'Failed', message: cut(`${error.type}: ${error.message ?? ''}`), syncFailed: true }
}

function phaseOf(phase: string | undefined): SeenApplication['phase'] {
  switch (phase) {
    case 'Running':
    case 'Terminating':
      return 'Running'
    case 'Succeeded':
      return 'Succeeded'
    case 'Failed':
    case 'Error':
      return 'Failed'
    default:
      return 'Unknown'
  }
}

type Status = ApiApplication['status']

/** The operation's own message, and of the objects that it failed with those that it does not speak of. */
function messageOf(operation: NonNullable<Status>['operationState']): string {
  const message = operation?.message ?? ''
  const failed = failedObjects(operation).filter((one) => one.message && !message.includes(one.message))
  return [message, ...failed.map((one) => `${one.kind} ${one.name}: ${one.message}`)]
    .filter((one) => one !== '')
    .join('; ')
}

function failedObjects(operation: NonNullable<Status>['operationState']) {
  return (operation?.syncResult?.resources ?? []).filter((one) => one.status === 'SyncFailed')
}

function seenOperation(operation: NonNullable<Status>['operationState']): SeenOperation | null {
  const from = revision(operation?.syncResult)
  if (from === null) return null
  const jobs = (operation?.syncResult?.resources ?? []).flatMap(({ kind, name, status }) =>
    kind === 'Job' && status === 'Synced' && name !== undefined ? [name] : [],
  )
  return { revision: from, finishedAt: time(operation?.finishedAt), jobs }
}

/** The newest commit that was applied whole: what was found to be there, else of the last operation that succeeded. */
function appliedRevision(status: Status): string | null {
  const { operationState: operation, history = [] } = status ?? {}
  const synced = isSynced(status) && operation?.phase !== 'Running' ? revision(status?.sync) : null
  const last = operation?.phase === 'Succeeded' ? revision(operation.syncResult) : null
  return synced ?? last ?? revision(history.at(-1))
}

function isSynced(status: Status): boolean {
  return status?.sync?.status === 'Synced' && revision(status.sync) !== null
}

/** With several sources the first is the deploy repository. */
function revision(given: ApiRevision | undefined): string | null {
  return given?.revision || given?.revisions?.[0] || null
}

function cut(message: string): string {
  return message.slice(0, messageCharactersMax)
}
