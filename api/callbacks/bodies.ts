import { z } from 'zod'
import { type Done, type Heartbeat, type TrainerEvent, trainerEventTypes } from '../../domain/callback.ts'

const metricsMax = 500
const artifactsMax = 1000

const number = z.number().nullable().optional()
// A trainer's NaN is `null` in JSON: such a value is left out rather than refused.
const metrics = z
  .record(z.string().min(1).max(200), z.number().nullable())
  .refine((given) => Object.keys(given).length <= metricsMax, `has more than ${metricsMax} metrics`)
  .optional()
const message = z.string().max(20_000).nullable().optional()

const sender = {
  pod_uid: z.string().min(1).max(200).describe('UID of the pod that speaks'),
  sequence: z.int().min(0).describe('counts the messages of one kind of one pod'),
  trace_id: z.string().max(200).nullable().optional(),
  attempt: z.int().min(1).optional().describe("the token's attempt, where it is given"),
}

export const heartbeatBody = z.strictObject({
  ...sender,
  step: z.int().min(0),
  epoch: z.number().min(0).nullable().optional(),
  total_epochs: z.number().min(0).nullable().optional(),
  ...{ loss: number, accuracy: number, val_loss: number, val_accuracy: number },
  gpu_utilization: number.describe('per cent'),
  memory_usage_gb: number,
  metrics,
})

export const eventBody = z.strictObject({
  ...sender,
  type: z.enum(trainerEventTypes),
  epoch: z.number().min(0).nullable().optional(),
  step: z.int().min(0).nullable().optional(),
  message,
  uri: z.string().max(4096).nullable().optional().describe('of a checkpoint: where it is'),
  metrics,
})

export const doneBody = z.strictObject({
  ...sender,
  outcome: z.enum(['SUCCEEDED', 'FAILED']),
  message,
  mlflow_run_id: z.string().max(255).nullable().optional(),
  metrics,
  artifacts: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(255),
        uri: z.string().min(1).max(4096),
        size_bytes: z.int().min(0),
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is not `sha256:` and 64 hexadecimal digits'),
      }),
    )
    .max(artifactsMax)
    .optional(),
})

export type SenderBody = { readonly pod_uid: string; readonly sequence: number; readonly attempt?: number | undefined }

export function heartbeatOf(body: z.output<typeof heartbeatBody>): Heartbeat {
  return {
    step: body.step,
    epoch: body.epoch ?? null,
    totalEpochs: body.total_epochs ?? null,
    loss: body.loss ?? null,
    accuracy: body.accuracy ?? null,
    validationLoss: body.val_loss ?? null,
    validationAccuracy: body.val_accuracy ?? null,
    gpuUtilization: body.gpu_utilization ?? null,
    memoryUsageGb: body.memory_usage_gb ?? null,
    metrics: metricsOf(body.metrics),
  }
}

export function eventOf(body: z.output<typeof eventBody>): TrainerEvent {
  return {
    type: body.type,
    epoch: body.epoch ?? null,
    step: body.step ?? null,
    message: body.message ?? null,
    uri: body.uri ?? null,
    metrics: metricsOf(body.metrics),
  }
}

export function doneOf(body: z.output<typeof doneBody>): Done {
  return {
    outcome: body.outcome,
    message: body.message ?? null,
    trackerRunId: body.mlflow_run_id ?? null,
    metrics: metricsOf(body.metrics),
    artifacts: (body.artifacts ?? []).map(({ name, uri, digest, size_bytes: sizeBytes }) => ({
      ...{ name, uri, sizeBytes, digest },
    })),
  }
}

function metricsOf(given: Readonly<Record<string, number | null>> | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(given ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )
}
