/** What a trainer says over HTTP. Every message carries run, attempt, pod and a sequence number of its sender. */
export interface CallbackSender {
  readonly runId: string
  readonly attempt: number
  readonly podUid: string
  /** Counts the messages of one kind of one pod, from 1. */
  readonly sequence: number
}

export interface Heartbeat {
  readonly step: number
  readonly epoch: number | null
  readonly totalEpochs: number | null
  readonly loss: number | null
  readonly accuracy: number | null
  readonly validationLoss: number | null
  readonly validationAccuracy: number | null
  /** Per cent. */
  readonly gpuUtilization: number | null
  readonly memoryUsageGb: number | null
  readonly metrics: Readonly<Record<string, number>>
  /** 0 to 100, of a trainer that says itself how far it is: it stands over epochs. */
  readonly percentage?: number
  /** What the trainer guesses that is left. */
  readonly remainingSeconds?: number
}

/** A heartbeat as it is said. Without a step (null) it stands where the heartbeat of its pod before it stood, else at 0. */
export type SaidHeartbeat = Omit<Heartbeat, 'step'> & { readonly step: number | null }

/** How far a heartbeat says its training is, 0 to 100; null when it says nothing of that. */
export function percentageOf({
  percentage,
  epoch,
  totalEpochs,
}: Pick<Heartbeat, 'percentage' | 'epoch' | 'totalEpochs'>): number | null {
  if (percentage !== undefined) return percentage
  if (epoch === null || totalEpochs === null || totalEpochs <= 0) return null
  return Math.max(0, Math.min(100, (epoch / totalEpochs) * 100))
}

export const trainerEventTypes = ['epoch_end', 'checkpoint', 'log', 'other'] as const
export type TrainerEventType = (typeof trainerEventTypes)[number]

export interface TrainerEvent {
  readonly type: TrainerEventType
  readonly epoch: number | null
  readonly step: number | null
  readonly message: string | null
  /** Only of a checkpoint: where it is, as the trainer of a later attempt can read it. */
  readonly uri: string | null
  readonly metrics: Readonly<Record<string, number>>
}

export interface Artifact {
  readonly name: string
  readonly uri: string
  readonly sizeBytes: number
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
}

export interface Done {
  readonly outcome: 'SUCCEEDED' | 'FAILED'
  readonly message: string | null
  readonly trackerRunId: string | null
  readonly metrics: Readonly<Record<string, number>>
  readonly artifacts: readonly Artifact[]
}
