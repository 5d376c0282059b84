import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import { bedVariable, identify, processesOfBed } from '../base/process-table.ts'
import { startProgram } from '../base/processes.ts'
import { until } from '../base/wait.ts'
import { type Bed, findBeds, readKeepers } from '../bed.ts'
import { attach, type Cluster, hasRealNode, makeNamespace, realNodeOf, theCluster } from '../support/cluster.ts'
import { kill } from '../support/faults.ts'
import { type Job, job, jobPath } from '../support/jobs.ts'
import { remains, tearDown } from '../teardown.ts'

let owner: ChildProcess | undefined
afterEach(() => owner?.kill('SIGKILL'))

/** Starts a bed in a process of its own, which is ended with the bed of this run where nobody else is left to do it. */
async function startOwner(): Promise<{ bed: Bed; process: ChildProcess }> {
  const path = join(import.meta.dirname, 'short-lived.ts')
  const env = { ...process.env, [bedVariable]: theCluster().folder }
  const child = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'inherit'], env })
  owner = child
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { bed: JSON.parse(line) as Bed, process: child }
}

async function untilGone(bed: Bed): Promise<void> {
  const isGone = () => {
    // Who starts a bed now must not take this one down too: its guard does that.
    expect(findBeds().find(({ folder }) => folder === bed.folder)?.state).not.toBe('abandoned')
    const left = remains(bed.folder)
    if (left.length > 0) throw new Error(left.join(', '))
    return true
  }
  await until('the bed to be gone', isGone, { seconds: 60 })
}

/** Everything that a bed consists of, by the first words of `remains`. */
const kinds = hasRealNode()
  ? ['process', 'container process', 'mount', 'control group', 'bridge', 'folder']
  : ['process', 'folder']

async function runPod(cluster: Cluster): Promise<void> {
  const { kubernetes } = cluster
  const namespace = await makeNamespace(cluster, 'short-lived')
  const { busybox: image } = realNodeOf(cluster).images
  await kubernetes.apply(job({ namespace, name: 'sleeps', image, command: ['sleep', '3600'] }))
  const isRunning = ({ status }: Job) => status?.active === 1 && (status as { ready?: number }).ready === 1
  await kubernetes.until<Job>(jobPath(namespace, 'sleeps'), 'to run', isRunning, 60)
}

const networkNamespaces = () => (existsSync('/run/netns') ? readdirSync('/run/netns') : [])

describe('taking a bed down', () => {
  it('leaves no process, container, mount, control group, bridge or folder behind when its owner is killed', async () => {
    const namespacesBefore = networkNamespaces()
    const { bed, process: owning } = await startOwner()
    if (bed.node !== null) await runPod(attach(bed.folder))
    // What has to go is there now: else its absence afterwards would prove nothing.
    const ofThisRun = processesOfBed(theCluster().folder).map(({ pid }) => pid)
    expect(ofThisRun).toContain(owning.pid)
    expect(ofThisRun).not.toContain(readKeepers(bed.folder).guard?.pid)
    const before = remains(bed.folder).map((line) => line.split(' ').slice(0, -1).join(' '))
    expect(new Set(before)).toEqual(new Set(kinds))

    owning.kill('SIGKILL')
    await untilGone(bed)
    expect(networkNamespaces()).toEqual(namespacesBefore)
  })

  it.runIf(hasRealNode())('ends containers also when their runtime was killed before', async () => {
    const { bed, process: owning } = await startOwner()
    const cluster = attach(bed.folder)
    await runPod(cluster)
    await kill(cluster, 'containerd')
    owning.kill('SIGKILL')
    await untilGone(bed)
  })

  it('spares a process that has got the id of one of the bed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'specyard-teardown-'))
    const bystander = spawn('sleep', ['600'], { stdio: 'ignore' })
    try {
      const record = startProgram(folder, { name: 'short', command: 'sleep', arguments: ['600'] })
      mkdirSync(join(folder, 'processes'), { recursive: true })
      // The record of a program that has ended long ago, and whose id is the bystander's now.
      const forged = { ...record, name: 'long-gone', pid: bystander.pid, startTicks: 1 }
      writeFileSync(join(folder, 'processes', 'long-gone.json'), JSON.stringify(forged))
      await tearDown(folder)
      expect(identify(record.pid)).toBeUndefined()
      expect(identify(bystander.pid ?? 0)).toBeDefined()
    } finally {
      bystander.kill('SIGKILL')
    }
  })
})
