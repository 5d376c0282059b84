import { type Heartbeat, percentageOf } from '../../domain/callback.ts'
import { jsonText } from '../json.ts'
import type { CallbackMessage } from '../records.ts'
import type { Decided, PlacedHeartbeat, PlacedMessage } from './decide.ts'

/** The rows that a decided batch adds, as `jsonb_to_recordset` reads them; of heartbeats and progress one for each pod and run. */
export function callbackRows(decided: readonly Decided[]) {
  const fresh = decided.filter(({ outcome }) => outcome === 'stored' || outcome === 'stale')
  const heartbeats = new Map<string, object>()
  const progress = new Map<string, object>()
  for (const { message, outcome, newestOfPod } of fresh) {
    if (message.kind !== 'heartbeat') continue
    const { runId, attempt, podUid } = message.sender
    if (newestOfPod !== null)
      heartbeats.set(JSON.stringify([runId, attempt, podUid]), heartbeatRow(message, newestOfPod))
    if (outcome === 'stored') progress.set(runId, progressRow(runId, message.body, progress.get(runId)))
  }
  return {
    callbacks: fresh.map(({ message, outcome }) => callbackRow(message, outcome)),
    metrics: fresh.flatMap(({ message }) => (message.kind === 'heartbeat' ? [metricRow(message)] : [])),
    events: fresh.flatMap(({ message }) => (message.kind === 'heartbeat' ? [] : [eventRow(message)])),
    heartbeats: [...heartbeats.values()],
    progress: [...progress.values()],
  }
}

/**
 * A message whose numbers and texts fit their columns, so that no message can spoil the batch of others: whole numbers are cut to whole
 * and to their range, texts lose what PostgreSQL cannot hold.
 */
export function normalised<Message extends CallbackMessage>(message: Message): Message {
  const { runId, attempt, podUid, sequence } = message.sender
  // Through the same JSON as everything that is stored, so that keys compare equal to stored ones.
  const sender = {
    runId: runId.toLowerCase(),
    attempt: whole(attempt, integerMax),
    podUid: JSON.parse(jsonText(podUid)) as string,
    sequence: whole(sequence, Number.MAX_SAFE_INTEGER),
  }
  if (message.kind !== 'heartbeat') return { ...message, sender }
  const { step, epoch, totalEpochs } = message.body
  const body = {
    ...message.body,
    step: step === null ? null : whole(step, Number.MAX_SAFE_INTEGER),
    epoch: epoch === null ? null : whole(epoch, integerMax),
    totalEpochs: totalEpochs === null ? null : whole(totalEpochs, integerMax),
  }
  return { ...message, sender, body }
}

const integerMax = 2 ** 31 - 1

function whole(value: number, max: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-max, Math.min(Math.trunc(value), max))
}

function callbackRow(message: PlacedMessage, outcome: Decided['outcome']) {
  const { runId, attempt, podUid, sequence } = message.sender
  return {
    job_id: runId,
    attempt,
    pod_uid: podUid,
    kind: message.kind,
    sequence,
    body_hash: message.bodyHash,
    outcome,
    body: message.kind === 'done' ? message.body : null,
    received_at: message.at,
  }
}

function metricRow({ sender, body, at }: PlacedHeartbeat) {
  return {
    workflow_id: sender.runId,
    attempt: sender.attempt,
    epoch: body.epoch,
    step: body.step,
    train_loss: body.loss,
    train_accuracy: body.accuracy,
    val_loss: body.validationLoss,
    val_accuracy: body.validationAccuracy,
    gpu_utilization: body.gpuUtilization,
    memory_usage_gb: body.memoryUsageGb,
    extra_metrics: body.metrics,
    recorded_at: at,
  }
}

function heartbeatRow({ sender, body, at }: PlacedHeartbeat, podNumber: number) {
  return {
    job_id: sender.runId,
    attempt: sender.attempt,
    pod_uid: sender.podUid,
    pod_number: podNumber,
    sequence: sender.sequence,
    step: body.step,
    body,
    received_at: at,
  }
}

/** What a batch knows of a run's progress: of each field the newest value that was said. */
function progressRow(runId: string, heartbeat: Heartbeat, before: object | undefined) {
  const known = { epoch: null, total_epochs: null, percentage: null, ...before }
  return {
    job_id: runId,
    step: heartbeat.step,
    epoch: heartbeat.epoch ?? known.epoch,
    total_epochs: heartbeat.totalEpochs ?? known.total_epochs,
    percentage: percentageOf(heartbeat) ?? known.percentage,
  }
}

const doneReasons = { SUCCEEDED: 'TrainerSucceeded', FAILED: 'TrainerFailed' } as const
const eventReasons = {
  epoch_end: 'EpochEnd',
  checkpoint: 'CheckpointSaved',
  log: 'TrainerLog',
  other: 'TrainerEvent',
} as const

function eventRow({ kind, sender, body, at }: Exclude<PlacedMessage, PlacedHeartbeat>) {
  const told = { job_id: sender.runId, attempt: sender.attempt, recorded_at: at }
  const from = { podUid: sender.podUid, sequence: sender.sequence }
  if (kind === 'done') {
    const { outcome, message, trackerRunId, metrics, artifacts } = body
    const details = { outcome, trackerRunId, metrics, artifacts, ...from }
    return { ...told, type: 'done', reason: doneReasons[outcome], message: message ?? '', step: null, details }
  }
  const { type, epoch, step, message, uri, metrics } = body
  return {
    ...told,
    type,
    reason: eventReasons[type],
    message: message ?? '',
    step: step === null ? null : whole(step, Number.MAX_SAFE_INTEGER),
    details: { epoch, step, uri, metrics, ...from },
  }
}
