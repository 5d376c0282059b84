import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './base/command.ts'
import { bridgesOf, removeNetwork } from './base/network.ts'
import { identify, processesOfBed } from './base/process-table.ts'
import { end, readRecords } from './base/processes.ts'
import { readBed } from './bed.ts'
import { ctr, runtimeSocket } from './parts/containerd.ts'
import { controlGroups, removeControlGroups } from './parts/control-groups.ts'

/*
 * Takes a bed away: kubelet, containers, runtime, everything else, mounts, control groups, bridge, folder. Every step is by process id or by a name
 * that only this bed has, works on a bed that is half up, and can be done again.
 */

const containersSecondsMax = 30

export async function tearDown(folder: string): Promise<void> {
  const records = readRecords(folder)
  const named = (names: readonly string[]) => records.filter(({ name }) => names.includes(name))
  // First who has servers of its own to end, and with it who would ask for more; then who would start containers again.
  const polite = records.filter(({ graceSeconds = 0 }) => graceSeconds > 0)
  await Promise.all(polite.map((one) => end(one, 'SIGTERM', one.graceSeconds ?? 0)))
  await Promise.all(named(['kubelet', 'kube-controller-manager']).map((one) => end(one, 'SIGKILL', 0)))
  await endContainers(folder)
  await Promise.all(named(['containerd']).map((one) => end(one, 'SIGTERM', 5)))
  // The API server would wait a minute for its open watches; nothing here is worth a farewell.
  await Promise.all(records.map((one) => end(one, 'SIGKILL', 0)))
  // What programs have started themselves: shims of containers, Git.
  await Promise.all(processesOfBed(folder).map((one) => end(one, 'SIGKILL', 0)))
  await killContainers(folder)
  for (const mount of mountsBelow(folder)) await run('umount', ['--lazy', mount])
  removeControlGroups(folder)
  await removeNetwork(folder)
  removeLinks(folder)
  if (existsSync(folder)) unlock(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Argo CD's repository server takes the right to read its folder of clones from itself; only root removes such a folder as it is. */
function unlock(folder: string): void {
  if (process.getuid?.() === 0) return
  chmodSync(folder, 0o700)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) unlock(join(folder, entry.name))
  }
}

/** What is there of a bed besides its folder; empty when it is gone. Each is one line for a person. */
export function remains(folder: string): readonly string[] {
  return [
    ...processesOfBed(folder).map(({ pid }) => `process ${pid}`),
    ...containersOf(folder).map((pid) => `container process ${pid}`),
    ...mountsBelow(folder).map((mount) => `mount ${mount}`),
    ...controlGroups(folder).map((group) => `control group ${group}`),
    ...bridgesOf(folder).map((bridge) => `bridge ${bridge}`),
    ...(existsSync(folder) ? [`folder ${folder}`] : []),
  ]
}

/** The processes in the control groups of the bed's pods. */
function containersOf(folder: string): readonly number[] {
  const pids = controlGroups(folder).flatMap((group) =>
    readdirSync(group, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name === 'cgroup.procs')
      .flatMap((entry) => readProcesses(join(entry.parentPath, entry.name))),
  )
  return [...new Set(pids)]
}

function readProcesses(path: string): readonly number[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

async function endContainers(folder: string): Promise<void> {
  const runtime = readBed(folder)?.runtime ?? runtimeOf(folder)
  if (runtime === undefined || !existsSync(runtimeSocket(folder))) return
  const deadline = performance.now() + containersSecondsMax * 1000
  const list = (kind: string) =>
    ctr(folder, runtime, [kind, 'ls', '-q']).then(
      (text) => text.split('\n').filter(Boolean),
      () => [],
    )
  const tasks = await list('tasks')
  await Promise.all(tasks.map((id) => ctr(folder, runtime, ['tasks', 'rm', '--force', id]).catch(() => '')))
  while ((await list('tasks')).length > 0 && performance.now() < deadline) await new Promise((go) => setTimeout(go, 50))
  const containers = await list('containers')
  await Promise.all(containers.map((id) => ctr(folder, runtime, ['containers', 'rm', id]).catch(() => '')))
}

/** What the runtime could not be asked to end, because it was dead or deaf. Bounded by `end`: a process that has this signal starts no other. */
async function killContainers(folder: string): Promise<void> {
  for (;;) {
    const alive = containersOf(folder)
      .map(identify)
      .filter((identity) => identity !== undefined)
    if (alive.length === 0) return
    await Promise.all(alive.map((one) => end(one, 'SIGKILL', 0)))
  }
}

/** Where containerd's programs are, of a bed that was never finished. */
function runtimeOf(folder: string): string | undefined {
  const command = readRecords(folder).find(({ name }) => name === 'containerd')?.command
  return command === undefined ? undefined : join(command, '..')
}

/** Innermost first. */
function mountsBelow(folder: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${folder}/`))
  return [...new Set(points)].sort().reverse()
}

/** The kubelet links the logs of containers here, whatever its settings say. */
function removeLinks(folder: string): void {
  const place = '/var/log/containers'
  if (!existsSync(place)) return
  for (const name of readdirSync(place)) {
    const link = join(place, name)
    if (lstatSync(link).isSymbolicLink() && readlinkSync(link).startsWith(`${folder}/`)) unlinkSync(link)
  }
}
