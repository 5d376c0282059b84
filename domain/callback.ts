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
