import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Inspection, openInspection } from '../../publisher/inspect.ts'
import { type FindingSeverity, type Observed, severities } from '../../reconciler/observed/document.ts'
import type { Survey } from '../../reconciler/observed/cluster.ts'
import type { DeployFiles } from '../../reconciler/observed/files.ts'
import { observeAll } from '../../reconciler/observed/observe.ts'
import { withinFolder } from '../../reconciler/observed/summary.ts'
import { openSurvey } from '../../reconciler/sources/kubernetes/survey/open.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { gitEnvironment } from '../house/environment.ts'
import { isWanted, readDeployFiles } from '../observe/files.ts'
import { type ObserveOutput, printed, withoutSecrets } from '../observe/print.ts'
import { watchObserved } from '../observe/watch.ts'
import { onInterrupt } from '../terminal/interrupt.ts'
import type { World } from '../world.ts'

export interface ObserveFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: readonly string[]
  readonly argocdNamespace: string
  readonly deployRepository?: string
  readonly branch: string
  readonly path?: string
  readonly cache?: string
  readonly output: ObserveOutput
  readonly findings: FindingSeverity | 'none'
  readonly failOn?: FindingSeverity
  readonly watch?: boolean
}

/** The deploy repository as it was read last; read again when its branch has moved. */
export type ReadFiles = () => Promise<DeployFiles | null>

/** Looks at a cluster and a deploy repository of somebody else. Opens no database, no tracker and no state folder, and writes to none of what it looks at. */
export async function runObserve(world: World, directory: string, flags: ObserveFlags): Promise<ExitCode> {
  const stop = new AbortController()
  const closers: (() => unknown)[] = [onInterrupt(() => stop.abort())]
  try {
    const files = await openFiles(world, directory, flags, closers)
    const scope = { namespaces: flags.namespace ?? [], argocdNamespace: flags.argocdNamespace }
    const kubeconfig = flags.kubeconfig === undefined ? null : resolve(directory, flags.kubeconfig)
    const cluster = await openSurvey({ kubeconfig, context: flags.context ?? null }, scope, world.now)
    closers.push(() => cluster.close())
    const look = async (survey: Survey): Promise<Observed> => {
      const observed = observeAll(survey, await files())
      return withoutSecrets(flags.path === undefined ? observed : withinFolder(observed, flags.path))
    }
    if (flags.watch) return await watchObserved(world, flags, cluster, look, stop.signal)
    const observed = await look(await cluster.once(stop.signal))
    world.stdout.write(printed(observed, flags.output, flags.findings))
    tellLimits(world, observed)
    return exitOf(observed, flags.failOn)
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** A copy of the repository in a folder that goes away with the command, unless one is named to keep. */
async function openFiles(
  world: World,
  directory: string,
  { deployRepository, branch, cache }: ObserveFlags,
  closers: (() => unknown)[],
): Promise<ReadFiles> {
  if (deployRepository === undefined) return async () => null
  const cacheFolder =
    cache === undefined ? await mkdtemp(join(tmpdir(), 'specyard-observe-')) : resolve(directory, cache)
  if (cache === undefined) closers.push(() => rm(cacheFolder, { recursive: true, force: true, maxRetries: 5 }))
  const url = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(deployRepository)
    ? deployRepository
    : resolve(directory, deployRepository)
  const environment = gitEnvironment(world.environment)
  const inspection: Inspection = await openInspection({ url, branch, cacheFolder, environment })
  let known: DeployFiles | undefined
  return async () => {
    if (known && (await inspection.head()) === known.head) return known
    known = await readDeployFiles(await inspection.read(isWanted), branch)
    return known
  }
}

/** What was not looked at, and how: beside the result, which a program may read. */
export function tellLimits({ stderr }: World, { incomplete, notes }: Observed): void {
  for (const { what, why, remedy } of incomplete) stderr.write(`not looked at  ${what}: ${why}\n    hint: ${remedy}\n`)
  for (const note of notes) stderr.write(`note: ${note}\n`)
}

/** What could not be looked at outweighs what was found: silence about it would pass for an answer. */
export function exitOf({ incomplete, findings }: Observed, failOn: FindingSeverity | undefined): ExitCode {
  if (incomplete.length > 0) return exitCodes.outside
  const limit = failOn === undefined ? -1 : severities.indexOf(failOn)
  return findings.some(({ severity }) => severities.indexOf(severity) <= limit) ? exitCodes.problems : exitCodes.fine
}
