import type { SeenCondition, SeenContainer, SeenPod } from '../../domain/observation.ts'
import type { ContainerEnd } from '../process/pod-files.ts'
import type { EndedContainer, PodObject } from '../store/objects.ts'
import type { PodContainer } from '../store/pod-spec.ts'
import type { Live } from './live.ts'

/** The one node there is. */
export const nodeName = 'local'

/** A pod of a Job as the reconciler sees it. */
export function seenPod(pod: PodObject, live: Live): SeenPod {
  const owner = pod.owner.kind === 'Job' ? pod.owner : null
  const containers = seenContainers(pod, live)
  const running = containers.some((container) => !container.init && container.state === 'running')
  return {
    name: pod.name,
    namespace: pod.namespace,
    uid: pod.uid,
    jobUid: owner?.uid ?? null,
    runId: owner?.runId ?? '',
    attempt: owner?.attempt ?? 0,
    completionIndex: null,
    phase: pod.end?.phase ?? (running ? 'Running' : 'Pending'),
    reason: pod.end?.reason ?? '',
    message: pod.end?.message ?? '',
    node: nodeName,
    createdAt: new Date(pod.createdAt),
    startedAt: new Date(pod.createdAt),
    conditions: seenConditions(pod, containers, running),
    containers,
    deletionRequestedAt: pod.deletionRequestedAt === null ? null : new Date(pod.deletionRequestedAt),
  }
}

/** Whether the main container of a pod runs. */
export function isRunning(pod: PodObject, live: Live): boolean {
  const main = pod.spec.containers[0]?.name
  return pod.end === null && live.progress?.running?.name === main
}

function seenContainers(pod: PodObject, live: Live): readonly SeenContainer[] {
  const all: readonly (readonly [PodContainer, boolean])[] = [
    ...pod.spec.initContainers.map((container) => [container, true] as const),
    ...pod.spec.containers.map((container) => [container, false] as const),
  ]
  const ended: readonly (EndedContainer | ContainerEnd)[] = pod.end?.containers ?? live.progress?.ended ?? []
  return all.map(([container, init], position): SeenContainer => {
    const base = { name: container.name, init, imageDigest: init ? null : pod.imageDigest }
    const end = ended[position]
    if (end) return { ...base, ...terminated(end) }
    const empty = { message: '', exitCode: null, signal: null, startedAt: null, finishedAt: null }
    if (pod.end?.unknown?.name === container.name) {
      const startedAt = new Date(pod.end.unknown.startedAt)
      const finishedAt = new Date(pod.end.finishedAt)
      return { ...base, ...empty, state: 'terminated', reason: 'ContainerStatusUnknown', startedAt, finishedAt }
    }
    const running = live.progress?.running
    if (pod.end === null && running?.name === container.name) {
      return { ...base, ...empty, state: 'running', reason: '', startedAt: new Date(running.startedAt) }
    }
    const next = position === ended.length && pod.end === null
    if (next && live.waiting) return { ...base, ...empty, state: 'waiting', ...live.waiting }
    return { ...base, ...empty, state: 'waiting', reason: next ? 'ContainerCreating' : 'PodInitializing' }
  })
}

function terminated(end: EndedContainer | ContainerEnd): Omit<SeenContainer, 'name' | 'init' | 'imageDigest'> {
  return {
    state: 'terminated',
    reason: end.startError !== null ? 'StartError' : end.exitCode === 0 ? 'Completed' : 'Error',
    message: 'message' in end ? end.message : '',
    exitCode: end.exitCode,
    signal: end.signal,
    startedAt: new Date(end.startedAt),
    finishedAt: new Date(end.finishedAt),
  }
}

function seenConditions(
  pod: PodObject,
  containers: readonly SeenContainer[],
  running: boolean,
): readonly SeenCondition[] {
  const inits = containers.filter((container) => container.init)
  const initialized = inits.every((container) => container.exitCode === 0)
  const main = containers.find((container) => !container.init)
  const condition = (type: string, holds: boolean, at: Date | null, reason = ''): SeenCondition => ({
    type,
    status: holds ? 'True' : 'False',
    reason,
    message: '',
    at,
  })
  const notReady = pod.end ? (pod.end.phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed') : 'ContainersNotReady'
  const changedAt = main?.finishedAt ?? main?.startedAt ?? new Date(pod.end?.finishedAt ?? pod.createdAt)
  const disruption: SeenCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'TerminationByKubelet',
    message: pod.end?.message ?? 'the local cluster is being stopped',
    at: new Date(pod.disruptionRequestedAt ?? pod.end?.finishedAt ?? pod.createdAt),
  }
  return [
    condition('PodScheduled', true, new Date(pod.createdAt)),
    condition(
      'Initialized',
      initialized,
      inits.at(-1)?.finishedAt ?? new Date(pod.createdAt),
      initialized ? '' : 'ContainersNotInitialized',
    ),
    condition('ContainersReady', running, changedAt, running ? '' : notReady),
    condition('Ready', running, changedAt, running ? '' : notReady),
    ...(pod.end?.disrupted ? [disruption] : []),
  ]
}
