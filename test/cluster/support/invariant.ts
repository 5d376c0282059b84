import { expect } from 'vitest'
import { labels as names } from '../../../domain/names.ts'
import { attemptsStartedTwice, type ContainerStart, containerStarts, readAudit } from './audit.ts'
import type { Cluster } from './cluster.ts'

/** A namespace of trainings, such as a yard's. */
export interface Place {
  readonly namespace: string
  /** Where the audit log stood before anything was there; its beginning when left out. */
  readonly auditFrom?: number
}

/**
 * The promise that everything hangs on: of all Jobs of one attempt of a run at most one ever started its trainer. By what the nodes reported to
 * the API server at every moment, also of pods that are long gone.
 * @returns the starts of trainers, so that a test can say which of them it has seen
 */
export function expectOneTrainerPerAttempt(cluster: Cluster, place: Place): readonly ContainerStart[] {
  const starts = trainerStarts(cluster, place)
  // Of a namespace where nothing trained this would say nothing.
  expect(starts, `trainers that started in ${place.namespace}`).not.toHaveLength(0)
  expect(Object.fromEntries(attemptsStartedTwice(starts, attemptOf)), 'attempts that several Jobs trained').toEqual({})
  return starts
}

/** Every start of a trainer in a namespace. */
export function trainerStarts(cluster: Cluster, { namespace, auditFrom }: Place): readonly ContainerStart[] {
  return containerStarts(readAudit(cluster, auditFrom), 'trainer').filter((one) => one.namespace === namespace)
}

export function attemptOf(labels: ContainerStart['labels']): string {
  return `${labels[names.jobId]} attempt ${labels[names.attempt]}`
}
