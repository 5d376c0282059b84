import { constants } from 'node:os'
import type { SeenContainer, SeenPod } from '../../../../domain/observation.ts'
import type { ApiContainerStatus, ApiMetadata, ApiObject, ApiPod } from './api-object.ts'
import { conditions, createdAt, deletionRequestedAt, runOf, type RunOfObject, shared, time } from './fields.ts'

/** A label since Kubernetes 1.28, and an annotation ever since. */
const indexLabel = 'batch.kubernetes.io/job-completion-index'

const controllerUid = 'batch.kubernetes.io/controller-uid'

export function seenPod(object: ApiObject): SeenPod | undefined {
  const run = runOf(object.metadata ?? {})
  return run && podOf(object, run)
}

/**
 * A pod as one of a run, whatever its labels say.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export function podOf(object: ApiObject, run: RunOfObject): SeenPod {
  const { metadata = {}, spec, status } = object as ApiPod
  return {
    name: metadata.name ?? '',
    namespace: shared(metadata.namespace ?? ''),
    uid: metadata.uid ?? '',
    ...owner(metadata),
    ...run,
    completionIndex: completionIndex(metadata),
    phase: phase(status?.phase),
    reason: shared(status?.reason ?? ''),
    message: shared(status?.message ?? ''),
    node: spec?.nodeName === undefined ? null : shared(spec.nodeName),
    createdAt: createdAt(metadata),
    startedAt: time(status?.startTime),
    conditions: conditions(status?.conditions),
    containers: [
      ...containers(spec?.initContainers, status?.initContainerStatuses, true),
      ...containers(spec?.containers, status?.containerStatuses, false),
    ],
    deletionRequestedAt: deletionRequestedAt(metadata),
  }
}

/** The Job that owns it now: one that was deleted without its pods has left an orphan, whose label still says which it was. */
function owner({ ownerReferences, labels }: ApiMetadata): Pick<SeenPod, 'jobUid' | 'formerJobUid'> {
  const job = ownerReferences?.find((one) => one.kind === 'Job' && one.controller === true)
  if (job?.uid !== undefined) return { jobUid: job.uid }
  const former = labels?.[controllerUid]
  return { jobUid: null, ...(former === undefined ? {} : { formerJobUid: former }) }
}

/** Which of the pods of an Indexed Job it is. */
function completionIndex({ labels, annotations }: ApiMetadata): number | null {
  const text = labels?.[indexLabel] ?? annotations?.[indexLabel]
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : null
}

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const

function phase(given: string | undefined): SeenPod['phase'] {
  return phases.find((one) => one === given) ?? 'Unknown'
}

function containers(
  specified: readonly { readonly name?: string }[] | undefined,
  statuses: readonly ApiContainerStatus[] | undefined,
  init: boolean,
): readonly SeenContainer[] {
  return (specified ?? []).map(({ name = '' }) =>
    container(
      name,
      init,
      statuses?.find((one) => one.name === name),
    ),
  )
}

function container(name: string, init: boolean, status: ApiContainerStatus | undefined): SeenContainer {
  const { waiting, running, terminated } = status?.state ?? {}
  const base = { name: shared(name), init, imageDigest: imageDigest(status?.imageID) }
  if (terminated) {
    return {
      ...base,
      state: 'terminated',
      reason: shared(terminated.reason ?? ''),
      message: terminated.message ?? '',
      exitCode: terminated.exitCode ?? null,
      signal: signalName(terminated.signal),
      startedAt: time(terminated.startedAt),
      finishedAt: time(terminated.finishedAt),
    }
  }
  const unended = { exitCode: null, signal: null, finishedAt: null }
  if (running) {
    return { ...base, ...unended, state: 'running', reason: '', message: '', startedAt: time(running.startedAt) }
  }
  const { reason = '', message = '' } = waiting ?? {}
  return { ...base, ...unended, state: 'waiting', reason: shared(reason), message, startedAt: null }
}

/** A runtime writes `docker.io/library/busybox@sha256:…` or the digest alone. */
function imageDigest(imageId: string | undefined): string | null {
  const digest = /sha256:[0-9a-f]{64}/.exec(imageId ?? '')?.[0]
  return digest === undefined ? null : shared(digest)
}

function signalName(number: number | undefined): string | null {
  if (!number) return null
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}
