import { setTimeout as pause } from 'node:timers/promises'
import { resource } from '../../cluster/base/kubernetes.ts'
import { attach } from '../../cluster/support/cluster.ts'
import { wallMilliseconds } from './clock.ts'
import type { Change } from './latency.ts'

/*
 * Writes the status of trainings' pods, as a kubelet would, at a steady rate as far as the API server follows: write-once <folder of the bed>
 * <namespace> <changes a second> <seconds>. Each training runs and waits in turns; what it waits for has a number, so that every telling of it can be
 * told apart. Prints one JSON document: what was made, and how many writes failed.
 */

const [folder = '', namespace = '', rate = '400', seconds = '30'] = process.argv.slice(2)
const { kubernetes } = attach(folder)
const pods = resource('v1', 'pods', namespace)

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
}

const all = await kubernetes.list<Pod>(`${pods}?labelSelector=app%3Dtrainer`)
const changes: Change[] = []
let failed = 0
/** More would only wait in the API server's queue, and what is measured would be that queue. */
const inFlightMax = 8

async function write({ metadata }: Pod, number: number, turn: number): Promise<void> {
  const training = metadata.labels['job-id'] ?? ''
  const runs = turn % 2 === 0
  changes.push({ training, becomes: runs ? 'RUNNING' : `QUEUED change ${number}`, at: wallMilliseconds() })
  try {
    await kubernetes.patch(`${pods}/${metadata.name}/status`, { status: statusOf(runs, number) })
  } catch {
    failed += 1
  }
}

function statusOf(runs: boolean, number: number): object {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const base = { image: 'example/trainer:1', imageID: `docker.io/example/trainer@sha256:${'a'.repeat(64)}` }
  const ended = { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, containerID: 'containerd://a' }
  const types = ['PodScheduled', 'Initialized', ...(runs ? ['ContainersReady', 'Ready'] : [])]
  const state = runs ? { running: { startedAt: at } } : { waiting: { reason: 'Bench', message: `change ${number}` } }
  return {
    phase: runs ? 'Running' : 'Pending',
    conditions: types.map((type) => ({ type, status: 'True', lastTransitionTime: at })),
    initContainerStatuses: [{ name: 'lease', ...base, restartCount: 0, ready: true, state: { terminated: ended } }],
    containerStatuses: [{ name: 'trainer', ...base, restartCount: 0, ready: runs, state }],
  }
}

/** Who wrote which field of a pod is most of what a write of it costs the API server, which has four cores for all of us: it is asked to forget it. */
async function forgetFieldManagers(): Promise<void> {
  const left = [...all]
  const work = async (): Promise<void> => {
    for (let pod = left.pop(); pod; pod = left.pop())
      await kubernetes.patch(`${pods}/${pod.metadata.name}`, { metadata: { managedFields: [{}] } })
  }
  await Promise.all(Array.from({ length: inFlightMax }, work))
}

await forgetFieldManagers()
const total = Number(rate) * Number(seconds)
const began = performance.now()
let next = 0
async function writeInTurns(): Promise<void> {
  while (next < total) {
    const number = next
    next += 1
    const wait = began + (number * 1000) / Number(rate) - performance.now()
    if (wait > 1) await pause(wait)
    const pod = all[number % all.length]
    if (pod) await write(pod, number, Math.floor(number / all.length))
  }
}
await Promise.all(Array.from({ length: inFlightMax }, writeInTurns))
const lasted = (performance.now() - began) / 1000
process.stdout.write(JSON.stringify({ changes, failed, seconds: lasted }), () => process.exit(0))
