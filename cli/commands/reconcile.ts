import { listen } from '../../api/listen.ts'
import { createProbeApi } from '../../api/probes.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { onInterrupt, stopSecondsMax } from '../terminal/interrupt.ts'
import { open, type Opened } from '../house/open.ts'
import { createReconciling, type Reconciling } from '../service/reconciling.ts'
import { probePorts } from '../service/probes.ts'
import { type ListenAddress, openService } from '../service/open.ts'
import { readSettings, type Settings } from '../house/settings.ts'
import { holdStateFolder } from '../house/state-folder.ts'
import type { World } from '../world.ts'

export interface ReconcileFlags {
  readonly once?: boolean
  readonly lease?: { readonly namespace: string; readonly name: string }
  readonly health?: ListenAddress
  readonly environment?: readonly string[]
}

/** Looks at ledger, clusters and trainers and brings the records up to date: once, or until it is told to stop. */
export async function runReconcile(world: World, directory: string, flags: ReconcileFlags): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const stop = new AbortController()
  const late = (message: string): void => void world.stderr.write(`warn  ${message}\n`)
  const closers: (() => unknown)[] = [onInterrupt(() => stop.abort(), { seconds: stopSecondsMax, late })]
  try {
    const opened = await openParts(settings, world, flags, closers)
    const reconciling = createReconciling(opened, {
      environment: world.environment,
      only: flags.environment,
      lease: flags.lease,
      now: world.now,
      log: ({ level, message }) => {
        if (level !== 'debug') world.stderr.write(`${level}  ${message}\n`)
      },
    })
    if (flags.health) {
      const url = await listenForProbes(flags.health, reconciling, opened, world.now, closers)
      world.stdout.write(`probes      ${url}/readyz    metrics: ${url}/metrics\n`)
    }
    if (!flags.once) {
      await reconciling.run(stop.signal)
      return exitCodes.fine
    }
    const done = await reconciling.once(stop.signal)
    world.stdout.write(done ? 'reconciled\n' : 'nothing done: another process leads, and reconciles\n')
    return exitCodes.fine
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** A single pass may also work with the embedded database, while nobody else does. */
async function openParts(
  settings: Settings,
  world: World,
  flags: ReconcileFlags,
  closers: (() => unknown)[],
): Promise<Opened> {
  if (flags.once && !settings.databaseUrl) {
    const lock = await holdStateFolder(settings, 'specyard reconcile')
    closers.push(() => lock.release())
  }
  const opened = await (flags.once ? open(settings, world.environment, world.now) : openService(settings, world))
  closers.push(() => opened.close())
  return opened
}

async function listenForProbes(
  { host, port }: ListenAddress,
  reconciling: Reconciling,
  opened: Opened,
  now: () => Date,
  closers: (() => unknown)[],
): Promise<string> {
  const listening = await listen(port, host)
  closers.push(() => listening.close())
  await listening.serve(createProbeApi(probePorts(reconciling, opened.records, now)))
  return listening.url
}
