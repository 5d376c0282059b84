import { percentageOf, type SaidHeartbeat } from '../../domain/callback.ts'
import { isTerminal, type Run } from '../../domain/run.ts'
import type { LiveMessage, LiveStatus } from '../../records/live.ts'
import type { CallbackMessage } from '../../records/records.ts'
import type { ApiPorts } from '../ports.ts'

const waitingMost = 5000

/**
 * Carries what was committed into the live state, behind the requests' backs: its slowness or failure is felt by no trainer.
 * Of heartbeats that came while it was busy, the newest of each run is told; of other messages all, up to a limit. All that waits is carried at
 * once: one by one, each would wait for an answer, and live state would stay behind where more comes in than goes out.
 */
export function createLiveCopy({ live, changed, log }: Pick<ApiPorts, 'live' | 'changed' | 'log'>) {
  const heartbeats = new Map<string, Told>()
  const others: Told[] = []
  let working: Promise<void> = Promise.resolve()
  let busy = false

  const carry = async (one: Told): Promise<void> => {
    try {
      await copy(live, one)
    } catch (error) {
      log({ level: 'debug', message: `live state of run ${one.run.id} is not updated: ${wordsOf(error)}` })
    }
  }
  const work = async (): Promise<void> => {
    while (heartbeats.size > 0 || others.length > 0) {
      const [newest, rest] = [[...heartbeats.values()], others.splice(0)]
      heartbeats.clear()
      await Promise.all(newest.map(carry))
      await Promise.all(rest.map(carry))
    }
    busy = false
  }

  return {
    tell: (run: Run, message: CallbackMessage): void => {
      const told: Told = { run, message }
      if (message.kind === 'heartbeat') heartbeats.set(run.id, told)
      else if (others.length < waitingMost) others.push(told)
      // A heartbeat changes no decision about a run that is known to be running well; everything else is worth a look.
      if (message.kind !== 'heartbeat' || run.state !== 'RUNNING' || run.verdict !== null)
        announce(changed, log, run.id)
      if (busy) return
      busy = true
      working = work()
    },
    /** Resolves when everything that was told has been carried over. */
    settled: (): Promise<void> => working,
  }
}

interface Told {
  readonly run: Run
  readonly message: CallbackMessage
}

function announce(changed: ApiPorts['changed'], log: ApiPorts['log'], runId: string): void {
  try {
    changed(runId)
  } catch (error) {
    log({ level: 'warn', message: `the reconciler was not told of run ${runId}: ${wordsOf(error)}` })
  }
}

async function copy(live: ApiPorts['live'], { run, message }: Told): Promise<void> {
  if (message.kind === 'heartbeat') {
    const metrics = namedMetrics(message.body)
    const before = await live.status(run.id)
    // What the reconciler wrote is newer than the look-up of the run: its state stands.
    const known = before !== undefined && before.attempt >= run.attempt ? before : undefined
    if (known === undefined || !isTerminal(known.status))
      await live.setStatus(run.id, statusOf(run, known, message.body, metrics))
    await live.setMetrics(run.id, metrics)
  }
  await live.publish(run.id, liveMessage(message))
}

function statusOf(
  run: Run,
  known: LiveStatus | undefined,
  heartbeat: SaidHeartbeat,
  metrics: Readonly<Record<string, number>>,
): LiveStatus {
  return {
    status: known?.status ?? run.state,
    reason: known?.reason ?? run.reason,
    attempt: known?.attempt ?? run.attempt,
    progress: percentageOf(heartbeat) ?? known?.progress ?? null,
    currentEpoch: heartbeat.epoch ?? known?.currentEpoch ?? null,
    totalEpochs: heartbeat.totalEpochs ?? known?.totalEpochs ?? null,
    step: heartbeat.step ?? known?.step ?? null,
    metrics,
  }
}

/** Every number of a heartbeat under the name that it has in the API. */
function namedMetrics(body: SaidHeartbeat): Readonly<Record<string, number>> {
  const named = {
    loss: body.loss,
    accuracy: body.accuracy,
    val_loss: body.validationLoss,
    val_accuracy: body.validationAccuracy,
    gpu_utilization: body.gpuUtilization,
    memory_usage_gb: body.memoryUsageGb,
    estimated_remaining_seconds: body.remainingSeconds ?? null,
  }
  const said = Object.entries(named).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
  return { ...body.metrics, ...Object.fromEntries(said) }
}

function liveMessage(message: CallbackMessage): LiveMessage {
  const from = { attempt: message.sender.attempt, at: message.at.toISOString() }
  if (message.kind === 'heartbeat') {
    const { step, epoch, totalEpochs } = message.body
    const progress = percentageOf(message.body)
    const metrics = namedMetrics(message.body)
    return { type: 'training_progress', data: { ...from, step, epoch, total_epochs: totalEpochs, progress, metrics } }
  }
  if (message.kind === 'event') return { type: 'event', data: { ...from, ...message.body } }
  const { outcome, message: text, trackerRunId, metrics } = message.body
  return { type: 'done', data: { ...from, outcome, message: text, mlflow_run_id: trackerRunId, metrics } }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}
