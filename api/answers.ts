import { z } from 'zod'
import type { Endpoint } from '../domain/endpoint.ts'
import { mergeSources, type Publication } from '../domain/publication.ts'
import { runStates } from '../domain/run.ts'
import type { TrackerLink } from '../domain/tracker.ts'
import type { ModelVersion } from '../records/records.ts'
import { numberMap, objectMap } from './app.ts'

const text = z.string()
const textOrNull = z.string().nullable()
const numberOrNull = z.number().nullable()

export const attemptAnswer = z.object({
  ...{ attempt: z.number(), job_name: text, job_uid: textOrNull, state: text, failure_class: textOrNull },
  ...{ lease_granted_at: textOrNull, started_at: textOrNull, ended_at: textOrNull, retired_at: textOrNull },
  ...{ disruptions: z.number(), checkpoint_uri: textOrNull, applied_revision: textOrNull },
  pods: z.array(
    z.object({
      ...{ name: text, uid: text, index: numberOrNull, node: textOrNull, image_digest: textOrNull },
    }),
  ),
  evidence: z
    .object({
      ...{ exit_code: numberOrNull, signal: textOrNull, reason: textOrNull, message: textOrNull, node: textOrNull },
      ...{ image_digest: textOrNull, pod_name: textOrNull, pod_uid: textOrNull, last_step: numberOrNull },
      ...{ pod_conditions: z.array(objectMap), job_conditions: z.array(objectMap), events: z.array(objectMap) },
      ...{ log_tail: z.array(text), unobtainable: z.array(text) },
    })
    .nullable(),
})

/** A run as lists show it. */
export const runSummaryAnswer = z.object({
  ...{ id: text, trace_id: text, environment: text, project: text, name: text, digest: text },
  ...{ state: z.enum(runStates), reason: text, message: text, verdict: textOrNull, attempt: z.number() },
  ...{ retry_count: z.number(), disruption_count: z.number(), spec_path: text, spec_line: z.number() },
  ...{ source_repository: textOrNull, source_commit: textOrNull, source_dirty: z.boolean() },
  progress: z
    .object({ step: numberOrNull, epoch: numberOrNull, total_epochs: numberOrNull, percentage: numberOrNull })
    .nullable(),
  ...{ final_metrics: numberMap.nullable(), mlflow_run_id: textOrNull },
  ...{ created_at: text, queued_at: textOrNull, started_at: textOrNull, completed_at: textOrNull },
  next_attempt_at: textOrNull,
  hanging: z
    .array(z.object({ attempt: z.int(), since: z.string(), message: z.string() }))
    .describe('Jobs of it that should be gone and are not, and what they wait for'),
})

export const runAnswer = z.object({ ...runSummaryAnswer.shape, attempts: z.array(attemptAnswer) })

export const stateChangeAnswer = z.object({
  ...{ from: textOrNull, to: text, reason: text, message: text, attempt: z.number(), at: text },
})

export const runEventAnswer = z.object({
  ...{ id: z.number(), type: text, reason: text, message: text, attempt: numberOrNull, details: objectMap, at: text },
})

export const metricAnswer = z.object({
  ...{ id: z.number(), attempt: z.number(), source: z.enum(['trainer', 'tracker']) },
  ...{ epoch: numberOrNull, step: z.number(), loss: numberOrNull },
  ...{ accuracy: numberOrNull, val_loss: numberOrNull, val_accuracy: numberOrNull, gpu_utilization: numberOrNull },
  ...{ memory_usage_gb: numberOrNull, metrics: numberMap, at: text },
})

/** What the experiment tracker has of an attempt. */
export const trackerRunAnswer = z.object({
  ...{ job_id: text, attempt: z.number(), tracker: text, tracker_run_id: text, url: text, experiment: text },
  ...{ found_by: text, status: text, closed_as: textOrNull, started_at: textOrNull, ended_at: textOrNull },
  ...{ params: z.record(text, text), metrics: numberMap, artifact_uri: textOrNull },
  artifacts: z.array(z.object({ path: text, size_bytes: numberOrNull })),
  incomplete: z.array(text).describe('what was left out, or could not be had, and why'),
})

export function trackerRunJson(link: TrackerLink): z.output<typeof trackerRunAnswer> {
  const { attempt, url, experiment, status, params, metrics, artifacts, incomplete } = link
  return {
    ...{ job_id: link.runId, attempt, tracker: link.kind, tracker_run_id: link.trackerRunId, url, experiment },
    ...{ found_by: link.foundBy, status, closed_as: link.closedAs },
    ...{ started_at: timeJson(link.startedAt), ended_at: timeJson(link.endedAt) },
    ...{ params: { ...params }, metrics: { ...metrics }, artifact_uri: link.artifactUri },
    artifacts: artifacts.map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes })),
    incomplete: [...incomplete],
  }
}

export const endpointAnswer = z.object({
  ...{ id: text, environment: text, project: text, name: text, route: text, status: text, reason: text },
  ...{ message: text, url: textOrNull, model: text, model_version: numberOrNull, model_digest: textOrNull },
  ...{ framework: text, min_replicas: z.number(), max_replicas: z.number(), revision: z.number() },
  ...{ spec_path: text, spec_line: z.number(), deployment_spec: objectMap, last_health_check: textOrNull },
  ...{ created_at: text, updated_at: text },
})

export function endpointJson(endpoint: Endpoint): z.output<typeof endpointAnswer> {
  const { id, environment, project, name, route, status, reason, message, url, model, framework, revision } = endpoint
  return {
    ...{ id, environment, project, name, route, status, reason, message, url, model, framework, revision },
    model_version: endpoint.modelVersion,
    model_digest: endpoint.modelDigest,
    min_replicas: endpoint.minReplicas,
    max_replicas: endpoint.maxReplicas,
    spec_path: endpoint.specPath,
    spec_line: endpoint.specLine,
    deployment_spec: { ...endpoint.deploymentSpec },
    last_health_check: timeJson(endpoint.lastHealthCheck),
    created_at: endpoint.createdAt.toISOString(),
    updated_at: endpoint.updatedAt.toISOString(),
  }
}

export const modelVersionAnswer = z.object({
  ...{ project: text, model: text, version: z.number(), digest: text, uri: text, size_bytes: z.number(), stage: text },
  run: z.object({ id: text, attempt: z.number(), environment: text }),
  ...{ framework: textOrNull, hyperparameters: objectMap, metrics: numberMap, created_at: text },
})

export function modelVersionJson(one: ModelVersion): z.output<typeof modelVersionAnswer> {
  const { project, model, version, digest, uri, stage, framework } = one
  return {
    ...{ project, model, version, digest, uri, stage, framework },
    size_bytes: one.sizeBytes,
    run: { ...one.run },
    hyperparameters: { ...one.hyperparameters },
    metrics: { ...one.metrics },
    created_at: one.createdAt.toISOString(),
  }
}

export const publicationAnswer = z.object({
  ...{ commit: text, parent: textOrNull, action: text, subject: text, subjects: z.array(text), files: z.number() },
  ...{ source_repository: textOrNull, source_commit: textOrNull, source_dirty: z.boolean() },
  request_id: text,
  at: text.describe(
    'when it was committed to the branch or, where it was proposed first, merged, as far as that is known',
  ),
  merge: z
    .object({
      branch: text.describe('to which it was proposed'),
      proposed_at: text,
      by: z
        .object({
          commit: text.describe('the merge, or what a squash or a rebase made of what was proposed'),
          who: text.describe('name and address as that commit has them; who approved it does not say'),
          source: z.enum(mergeSources).describe('author of a merge commit, committer of a squash or a rebase'),
        })
        .nullable()
        .describe('null where what was proposed became the head itself: Git says neither when nor by whom'),
    })
    .nullable()
    .describe('null for what nobody had to merge'),
  merged_pull: z
    .object({
      ...{ number: z.number(), url: text },
      by: textOrNull.describe('the account that merged it'),
      approved_by: z.array(text).describe('accounts that approved just this commit, and had not taken it back'),
    })
    .nullable()
    .describe('what the forge said when the merge was recorded; null where none was asked, or did not say'),
})

export function publicationJson(one: Publication): z.output<typeof publicationAnswer> {
  const { commit, parent, action, subject, files, merge, mergedPull: pull } = one
  return {
    ...{ commit, parent, action, subject, files, subjects: [...one.subjects] },
    source_repository: one.sourceRepository,
    source_commit: one.sourceCommit,
    source_dirty: one.sourceDirty,
    request_id: one.requestId,
    at: one.at.toISOString(),
    merge: merge ? { branch: merge.branch, proposed_at: merge.proposedAt.toISOString(), by: merge.by } : null,
    merged_pull: pull ? { number: pull.number, url: pull.url, by: pull.by, approved_by: [...pull.approvedBy] } : null,
  }
}

export function timeJson(time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}
