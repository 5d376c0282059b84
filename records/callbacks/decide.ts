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

export interface Decided {
  readonly message: CallbackMessage
  readonly outcome: CallbackOutcome
  /** Of a heartbeat that is the newest of its pod: the pod's number; else null. */
  readonly newestOfPod: number | null
}

/**
 * Decides what becomes of each message of a batch, as if they had come one by one.
 *
 * The newest heartbeat of a pod is the one with the furthest step (then sequence). A pod that is replaced resumes from a checkpoint, so its
 * successor's step is smaller: of two pods of one attempt, the one that began to speak last has the newest. Live state is that of the
 * current attempt of a run that has not ended; a heartbeat that does not change it is `stale`.
 */
export function decideCallbacks(messages: readonly CallbackMessage[], known: CallbackKnowledge): readonly Decided[] {
  const hashes = new Map(known.hashes)
  const attempts = new Map<string, Map<string, KnownPod>>()
  for (const pod of known.pods) podsOf(attempts, pod).set(pod.podUid, pod)
  return messages.map((message) => {
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

function isNewer({ sender, body }: HeartbeatMessage, pod: KnownPod): boolean {
  return body.step > pod.step || (body.step === pod.step && sender.sequence > pod.sequence)
}

function podAfter({ sender, body }: HeartbeatMessage, number: number): KnownPod {
  return { ...sender, number, step: body.step }
}

type HeartbeatMessage = Extract<CallbackMessage, { kind: 'heartbeat' }>

function podsOf(
  attempts: Map<string, Map<string, KnownPod>>,
  { runId, attempt }: { readonly runId: string; readonly attempt: number },
): Map<string, KnownPod> {
  const key = `${runId}:${attempt}`
  const pods = attempts.get(key) ?? new Map<string, KnownPod>()
  attempts.set(key, pods)
  return pods
}
