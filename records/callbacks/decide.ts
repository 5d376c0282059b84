import type { Heartbeat } from '../../domain/callback.ts'
import { isTerminal, type RunState } from '../../domain/run.ts'
import type { CallbackMessage, CallbackOutcome } from '../records.ts'

/** What is known of the runs of a batch before it is written. */
export interface CallbackKnowledge {
  readonly runs: ReadonlyMap<string, { readonly state: RunState; readonly attempt: number }>
  /** Hash of the body that was stored under a message's key. */
  readonly hashes: ReadonlyMap<string, string>
  readonly pods: readonly KnownPod[]
}

/** The newest heartbeat of a pod. `number` counts an attempt's pods in the order of their first heartbeats. */
export interface KnownPod {
  readonly runId: string
  readonly attempt: number
  readonly podUid: string
  readonly number: number
  readonly sequence: number
  readonly step: number
}

type HeartbeatMessage = Extract<CallbackMessage, { kind: 'heartbeat' }>

/** A message as it is written: every heartbeat has a step. */
export type PlacedHeartbeat = HeartbeatMessage & { readonly body: Heartbeat }
export type PlacedMessage = Exclude<CallbackMessage, HeartbeatMessage> | PlacedHeartbeat

export interface Decided {
  readonly message: PlacedMessage
  readonly outcome: CallbackOutcome
  /** Of a heartbeat that is the newest of its pod: the pod's number; else null. */
  readonly newestOfPod: number | null
}

/**
 * Decides what becomes of each message of a batch, as if they had come one by one.
 *
 * The newest heartbeat of a pod is the one with the furthest step (then sequence), or with the last sequence where the trainer's steps may
 * begin again. One without a step stands where the pod's newest stands. A pod that is replaced resumes from a checkpoint, so its
 * successor's step is smaller: of two pods of one attempt, the one that began to speak last has the newest. Live state is that of the
 * current attempt of a run that has not ended; a heartbeat that does not change it is `stale`.
 */
export function decideCallbacks(messages: readonly CallbackMessage[], known: CallbackKnowledge): readonly Decided[] {
  const hashes = new Map(known.hashes)
  const attempts = new Map<string, Map<string, KnownPod>>()
  for (const pod of known.pods) podsOf(attempts, pod).set(pod.podUid, pod)
  return messages.map((said) => {
    const message = placed(said, attempts)
    const run = known.runs.get(message.sender.runId)
    if (run === undefined) return { message, outcome: 'unknown-run', newestOfPod: null }
    const key = callbackKey(message)
    const hash = hashes.get(key)
    if (hash !== undefined)
      return { message, outcome: hash === message.bodyHash ? 'repeated' : 'conflict', newestOfPod: null }
    hashes.set(key, message.bodyHash)
    if (message.kind !== 'heartbeat') return { message, outcome: 'stored', newestOfPod: null }

    const pods = podsOf(attempts, message.sender)
    const before = pods.get(message.sender.podUid)
    const newest = before === undefined || isNewer(message, before)
    const number = before?.number ?? pods.size + 1
    if (newest) pods.set(message.sender.podUid, podAfter(message, number))
    const live = newest && number === pods.size && message.sender.attempt >= run.attempt && !isTerminal(run.state)
    return { message, outcome: live ? 'stored' : 'stale', newestOfPod: newest ? number : null }
  })
}

/** The key of a message's idempotency, as one text. */
export function callbackKey({ kind, sender }: Pick<CallbackMessage, 'kind' | 'sender'>): string {
  return JSON.stringify([sender.runId, sender.attempt, kind, sender.podUid, sender.sequence])
}

function placed(message: CallbackMessage, attempts: Map<string, Map<string, KnownPod>>): PlacedMessage {
  if (message.kind !== 'heartbeat') return message
  const step = message.body.step ?? podsOf(attempts, message.sender).get(message.sender.podUid)?.step ?? 0
  return { ...message, body: { ...message.body, step } }
}

function isNewer({ sender, body, newestBy }: PlacedHeartbeat, pod: KnownPod): boolean {
  if (newestBy === 'sequence') return sender.sequence > pod.sequence
  return body.step > pod.step || (body.step === pod.step && sender.sequence > pod.sequence)
}

function podAfter({ sender, body }: PlacedHeartbeat, number: number): KnownPod {
  return { ...sender, number, step: body.step }
}

function podsOf(
  attempts: Map<string, Map<string, KnownPod>>,
  { runId, attempt }: { readonly runId: string; readonly attempt: number },
): Map<string, KnownPod> {
  const key = `${runId}:${attempt}`
  const pods = attempts.get(key) ?? new Map<string, KnownPod>()
  attempts.set(key, pods)
  return pods
}
