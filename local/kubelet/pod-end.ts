import { type ContainerEnd, type Exit, type Progress, podFiles } from '../process/pod-files.ts'
import type { EndedContainer, PodEnd, PodObject } from '../store/objects.ts'
import { tailOf } from './log-tail.ts'

/** As much of a log as a container's message holds when it failed (terminationMessagePolicy FallbackToLogsOnError). */
const messageLines = 80
const messageBytes = 2048

/** How a pod ended, from what its keeper wrote. */
export function endFromExit(pod: PodObject, exit: Exit, podFolder: string): PodEnd {
  const containers = exit.ended.map((end) => withMessage(end, podFolder))
  const expected = pod.spec.initContainers.length + pod.spec.containers.length
  const well =
    exit.stoppedBy === null && exit.ended.length === expected && exit.ended.every((end) => end.exitCode === 0)
  const base = { containers, unknown: null, finishedAt: exit.finishedAt }
  if (well) return { ...base, phase: 'Succeeded', reason: '', message: '', disrupted: false }
  if (exit.stoppedBy === 'deadline') {
    const message = 'the pod was active for longer than its deadline'
    return { ...base, phase: 'Failed', reason: 'DeadlineExceeded', message, disrupted: false }
  }
  // Told by nobody who wants it gone: the node went down.
  const disrupted = exit.stoppedBy === 'told' && pod.deletionRequestedAt === null && pod.stopRequestedAt === null
  if (!disrupted) return { ...base, phase: 'Failed', reason: '', message: '', disrupted }
  return {
    ...base,
    phase: 'Failed',
    reason: 'Terminated',
    message: 'the local cluster or this machine was stopped',
    disrupted,
  }
}

/** A pod of which nothing lives and nobody wrote how it ended: as when a node died. */
export function endOfLost(pod: PodObject, progress: Progress | null, now: Date, podFolder: string): PodEnd {
  const running = progress?.running ?? null
  const wanted = pod.deletionRequestedAt !== null || pod.stopRequestedAt !== null
  return {
    phase: 'Failed',
    reason: 'NodeLost',
    message: 'the processes of the pod and their keeper are gone, and nobody saw how they ended',
    disrupted: !wanted,
    containers: (progress?.ended ?? []).map((end) => withMessage(end, podFolder)),
    unknown: running && { name: running.name, startedAt: running.startedAt },
    finishedAt: now.toISOString(),
  }
}

/** A pod that was stopped before anything of it ran. */
export function endOfUnstarted(pod: PodObject, now: Date): PodEnd {
  const disrupted = pod.deletionRequestedAt === null && pod.stopRequestedAt === null
  return {
    phase: 'Failed',
    reason: disrupted ? 'Terminated' : '',
    message: 'stopped before anything of it ran',
    disrupted,
    containers: [],
    unknown: null,
    finishedAt: now.toISOString(),
  }
}

function withMessage(end: ContainerEnd, podFolder: string): EndedContainer {
  if (end.startError !== null) return { ...end, message: end.startError }
  if (end.exitCode === 0) return { ...end, message: '' }
  const message = tailOf(podFiles.log(podFolder, end.name), messageLines, messageBytes).join('\n')
  return { ...end, message }
}
