import { annotations, jobName, labels, leaseRefusedExitCode, leaseSecretName, trainerApp } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { mergedByName, sortByName } from '../by-name.ts'
import { shape, type Shaped } from '../shape/apply.ts'
import { statusVariables } from './status.ts'
import { renderTemplate, type View } from './template.ts'
import { trackerVariables } from './tracker.ts'
import {
  freelyScheduled,
  type RenderedVariable,
  resourcesView,
  schedulingView,
  variableView,
  volumeView,
} from './view.ts'

/** Port on which the first pod of a multi-node training coordinates the others, as PyTorch expects it. */
const masterPort = 29_500

/** What a manifest says of its attempt. */
export interface RenderedAttempt {
  /** From 1. */
  readonly attempt: number
  /** Where the trainer resumes from; null for the beginning. */
  readonly checkpointUri: string | null
}

/**
 * Renders one attempt of a training plan as a Job manifest; with more than one node, its headless Service stands before it.
 * @param plan memory in bytes, times in seconds
 * @returns YAML text; same plan and attempt in, same bytes out
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
 */
export function renderJob(plan: TrainingPlan, attempt: RenderedAttempt): string {
  return plan.shaping ? shapeJob(plan, attempt).text : renderTemplate('job', jobView(plan, attempt))
}

/**
 * Renders an attempt as the template and patches of its plan want it, with every step on the way.
 * @throws ShapingFailed for a plan that was not checked, `shape/check.ts`
 */
export function shapeJob(plan: TrainingPlan, attempt: RenderedAttempt): Shaped {
  const view = jobView(plan, attempt)
  return shape(view, renderTemplate('job', view), plan.shaping ?? { template: null, patches: [] })
}

function jobView(plan: TrainingPlan, attempt: RenderedAttempt): View {
  const name = jobName(plan.name, plan.shortDigest, attempt.attempt)
  const secret = leaseSecretName(plan.id, attempt.attempt)
  const callbackFolder = plan.cluster === 'local' ? 'callback' : '/var/run/specyard/callback'
  const queued = plan.queue !== null
  // A queue decides itself where its workloads run.
  const scheduling = queued ? freelyScheduled : schedulingView(plan.resources.nodeSelector, plan.resources.tolerations)
  return {
    name,
    namespace: plan.namespace,
    // In the order of their keys.
    labels: [
      { key: labels.app, value: trainerApp },
      { key: labels.jobId, value: plan.id },
      { key: labels.attempt, value: String(attempt.attempt) },
      { key: labels.project, value: plan.project },
      { key: labels.traceId, value: plan.traceId },
    ],
    annotations: annotationsOf(plan),
    indexed: plan.nodes > 1,
    nodes: plan.nodes,
    masterPort,
    queued,
    queue: plan.queue,
    timeoutSeconds: plan.timeoutSeconds,
    terminationGraceSeconds: plan.terminationGraceSeconds,
    leased: plan.lease.mode === 'required',
    leaseImage: plan.lease.image,
    leaseSecret: secret,
    leaseRefusedExitCode,
    image: plan.image,
    hasCommand: plan.command.length > 0,
    command: plan.command,
    hasArguments: plan.arguments.length > 0,
    arguments: plan.arguments,
    variables: attemptVariables(plan, attempt, name, secret, callbackFolder).map(variableView),
    resources: resourcesView(plan.resources),
    volumes: [...plan.volumes.map(volumeView), secretVolume(secret, callbackFolder)],
    hasNodeSelector: scheduling.hasNodeSelector,
    nodeSelector: scheduling.nodeSelector,
    hasTolerations: scheduling.hasTolerations,
    tolerations: scheduling.tolerations,
  }
}

/** In the order of their keys. */
function annotationsOf({ digest, imageFolder, source }: TrainingPlan): readonly View[] {
  const [ofDigest, ofSpec] = [
    { key: annotations.digest, value: digest },
    { key: annotations.spec, value: source.path },
  ]
  return imageFolder === null
    ? [ofDigest, ofSpec]
    : [ofDigest, { key: annotations.imageFolder, value: imageFolder }, ofSpec]
}

function attemptVariables(
  plan: TrainingPlan,
  attempt: RenderedAttempt,
  name: string,
  secret: string,
  callbackFolder: string,
): readonly RenderedVariable[] {
  const tokenFile = `${callbackFolder}/token`
  const status = statusVariables(plan, tokenFile)
  const own: RenderedVariable[] = [
    { name: 'ATTEMPT', value: String(attempt.attempt) },
    // Where no lease is needed the trainer starts without its token, and finds it in the file once there is one.
    { name: 'CALLBACK_TOKEN', secret, key: 'token', optional: plan.lease.mode === 'optional' },
    { name: 'CALLBACK_TOKEN_FILE', value: tokenFile },
    { name: 'CHECKPOINT_URI', value: attempt.checkpointUri ?? '' },
    ...status.sorted,
    ...trackerVariables(plan, attempt.attempt),
    { name: 'POD_NAME', fieldPath: 'metadata.name' },
    { name: 'POD_UID', fieldPath: 'metadata.uid' },
  ]
  if (plan.nodes > 1) {
    own.push(
      { name: 'MASTER_ADDR', value: `${name}-0.${name}` },
      { name: 'MASTER_PORT', value: String(masterPort) },
      { name: 'NNODES', value: String(plan.nodes) },
      { name: 'WORLD_SIZE', value: String(plan.nodes * Math.max(1, plan.resources.gpus)) },
      { name: 'NODE_RANK', fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']" },
    )
  }
  const variables = mergedByName(plan.variables, sortByName(own))
  // Last, because it is made of others: Kubernetes puts in only what stands before.
  if (status.last) variables.push(status.last)
  return variables
}

function secretVolume(secret: string, mountPath: string): View {
  return {
    name: 'callback',
    isHostPath: false,
    isClaim: false,
    isSecret: true,
    hostPath: '',
    claim: '',
    secret,
    mountPath,
    readOnly: true,
  }
}
