import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../cluster/base/ports.ts'
import { builtTools, type Say } from '../../cluster/build/tools.ts'
import { peerRecipes } from '../../cluster/build/recipes.ts'

/** What following all trainings took. */
export interface Followed {
  /** From the start of the process until everything was known once. */
  readonly firstLookSeconds: number
  /** Bytes, when everything was known once. */
  readonly rss: number
  readonly peak: number
}

const completeSecondsMax = 300

/**
 * kube-state-metrics as people run it, for Jobs and pods of one namespace alone: from its start until its metrics have every one of them.
 * @param trainings that are there: a Job and a pod each
 */
export async function followByMetrics(
  cluster: { readonly kubeconfig: string },
  namespace: string,
  trainings: number,
  say: Say,
): Promise<Followed> {
  const bin = join(await builtTools(peerRecipes.kubeStateMetrics, say), 'bin', 'kube-state-metrics')
  const [port, telemetry] = [await freePort(), await freePort()]
  const from = performance.now()
  const child = spawn(
    bin,
    [
      `--kubeconfig=${cluster.kubeconfig}`,
      `--namespaces=${namespace}`,
      '--resources=jobs,pods',
      ...['--host=127.0.0.1', `--port=${port}`, '--telemetry-host=127.0.0.1', `--telemetry-port=${telemetry}`],
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    for (;;) {
      if ((await countsOf(port)).every((count) => count >= trainings)) break
      if (child.exitCode !== null) throw new Error(`kube-state-metrics ended with ${child.exitCode}`)
      if (performance.now() - from > completeSecondsMax * 1000)
        throw new Error(`kube-state-metrics had no whole metrics after ${completeSecondsMax} s`)
      await pause(100)
    }
    const firstLookSeconds = (performance.now() - from) / 1000
    return { firstLookSeconds, rss: rssOf(child.pid ?? 0), peak: peakOf(child.pid ?? 0) }
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** How many Jobs and how many pods the metrics have now. */
async function countsOf(port: number): Promise<readonly number[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
  const text = (await answer?.text()) ?? ''
  return ['kube_job_info{', 'kube_pod_info{'].map((name) => text.split(`\n${name}`).length - 1)
}

function rssOf(pid: number): number {
  return statusOf(pid, 'VmRSS')
}

function peakOf(pid: number): number {
  return statusOf(pid, 'VmHWM')
}

/** Bytes, as the kernel counts them. */
function statusOf(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}
