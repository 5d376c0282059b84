import { z } from 'zod'
import type { SaidHeartbeat } from '../../domain/callback.ts'

/*
 * What an unmodified trainer says: the status of Kubeflow Trainer's contract. It has no step and no sequence, and its metrics are texts.
 * Fields that it may get some day are passed over rather than refused, as Kubernetes does.
 */

const metricsMax = 256
/** Our own clock and a pod's may differ so much. */
const aheadMicrosecondsMost = 60 * 1_000_000

const metric = z.object({ name: z.string().min(1).max(200), value: z.string().min(1).max(1000) })

export const trainerStatus = z.object({
  progressPercentage: z.number().min(0).max(100).nullish(),
  estimatedRemainingSeconds: z.number().min(0).nullish(),
  metrics: z.array(metric).max(metricsMax).nullish().describe('values are numbers as texts; other texts are left out'),
  lastUpdatedTime: z.iso.datetime({ offset: true }).nullish().describe('of two statuses of one pod the later is newer'),
})
export type TrainerStatus = z.output<typeof trainerStatus>

export const statusBody = z.object({ trainerStatus: trainerStatus.nullish() })

export const statusQuery = z.object({
  pod_uid: z.string().min(1).max(200).describe('UID of the pod that speaks: part of the URL that it was given'),
})

/** Names under which trainers tell what a heartbeat has a place for; of several the first that is there counts. */
const places = {
  step: ['current_step', 'global_step', 'step'],
  epoch: ['current_epoch', 'currentEpoch', 'epoch'],
  totalEpochs: ['total_epochs', 'totalEpochs'],
  loss: ['loss'],
  accuracy: ['accuracy'],
  validationLoss: ['eval_loss', 'val_loss'],
  validationAccuracy: ['eval_accuracy', 'val_accuracy'],
  gpuUtilization: ['gpu_utilization'],
  memoryUsageGb: ['memory_usage_gb'],
} as const
const placed: ReadonlySet<string> = new Set(Object.values(places).flat())

/** A status as a heartbeat. What has a place there is no metric any more. */
export function heartbeatOfStatus(status: TrainerStatus): SaidHeartbeat {
  const told = numbersOf(status)
  const find = (place: keyof typeof places): number | null => {
    const name = places[place].find((one) => told.has(one))
    return name === undefined ? null : (told.get(name) ?? null)
  }
  const count = (place: 'step' | 'epoch' | 'totalEpochs'): number | null => {
    const found = find(place)
    return found === null || found < 0 ? null : found
  }
  const step = count('step')
  return {
    step: step === null ? null : Math.trunc(step),
    epoch: count('epoch'),
    totalEpochs: count('totalEpochs'),
    loss: find('loss'),
    accuracy: find('accuracy'),
    validationLoss: find('validationLoss'),
    validationAccuracy: find('validationAccuracy'),
    gpuUtilization: find('gpuUtilization'),
    memoryUsageGb: find('memoryUsageGb'),
    metrics: Object.fromEntries([...told].filter(([name]) => !placed.has(name))),
    ...(typeof status.progressPercentage === 'number' ? { percentage: status.progressPercentage } : {}),
    ...(typeof status.estimatedRemainingSeconds === 'number'
      ? { remainingSeconds: status.estimatedRemainingSeconds }
      : {}),
  }
}

/**
 * The sequence of a status, in microseconds since 1970: its own time, so that one that is sent again is the same message and one that
 * comes late is older; where it says none, or one that lies ahead of our clock, the time at which it arrived.
 */
export function sequenceOfStatus({ lastUpdatedTime }: TrainerStatus, arrived: Date): number {
  const now = arrived.getTime() * 1000
  const said = typeof lastUpdatedTime === 'string' ? microseconds(lastUpdatedTime) : now
  return said >= 0 && said <= now + aheadMicrosecondsMost ? said : now
}

function microseconds(time: string): number {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? ''
  const seconds = Math.floor(Date.parse(time) / 1000)
  return seconds * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** What is a number, as Python and others write it; not `nan`, not `inf`, not a text. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

function numbersOf({ metrics }: TrainerStatus): ReadonlyMap<string, number> {
  return new Map(
    (metrics ?? []).flatMap(({ name, value }): [string, number][] => {
      const number = decimal.test(value.trim()) ? Number(value) : Number.NaN
      return Number.isFinite(number) ? [[name, number]] : []
    }),
  )
}
