import { type ChildProcess, spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { isFault } from '../../domain/fault.ts'
import { diskFault } from '../process/disk-fault.ts'
import { writeWhole } from '../process/files.ts'
import { podFiles, readClaim } from '../process/pod-files.ts'
import type { PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import { type Context, changedKey, isBeingStopped, type Live } from './live.ts'
import { prepareLaunch } from './prepare.ts'
import { imageFolderWithin, NotCreated } from './working-folder.ts'

/** How often what a pod waits for is looked for again when nobody says that it is there. */
const waitingLookMilliseconds = 1000
const launchBackoffMillisecondsMax = 30_000

/** Starts the keeper of a pod; what stands in the way is noted as the reason that its container waits. */
export function launchPod(context: Context, pod: PodObject, live: Live): void {
  live.launching = true
  void start(context, pod, live).catch((error: unknown) => {
    live.launching = false
    noteWaiting(context.world, pod, live, error)
  })
}

async function start(context: Context, pod: PodObject, live: Live): Promise<void> {
  const { world } = context
  const launch = prepareLaunch(world, pod)
  const digest =
    pod.imageFolder === null ? null : await context.digestOf(imageFolderWithin(world.root, pod.imageFolder))
  const now = world.store.pod(pod.uid)
  if (!now || now.end !== null || isBeingStopped(now) || !context.mayStart()) {
    live.launching = false
    return
  }
  const folder = world.store.podFolder(pod.uid)
  writeWhole(podFiles.launch(folder), JSON.stringify(launch))
  if (digest !== now.imageDigest) world.store.putPod({ ...now, imageDigest: digest })
  const keeper = spawnKeeper(world, folder, launch.endWithOwner)
  live.release = releaseOf(keeper)
  keeper.once('error', (error) => {
    live.launching = false
    noteWaiting(world, pod, live, error)
  })
  keeper.once('exit', (code) => {
    live.keeperSeenAt = Number.NEGATIVE_INFINITY
    if (live.launching && !readClaim(folder)) {
      live.launching = false
      noteWaiting(world, pod, live, new Error(`the keeper ended with exit code ${code ?? 'unknown'} before it began`))
    }
    world.wake()
  })
}

/** In a session of its own and with no terminal, so that neither our end nor a closed window reaches it. */
function spawnKeeper(world: World, folder: string, endWithOwner: boolean): ChildProcess {
  const [program = '', ...words] = world.keeperProgram
  const keeper = spawn(program, [...words, folder], {
    cwd: dirname(world.keeperProgram.at(-1) ?? '.'),
    env: { PATH: world.path },
    detached: true,
    stdio: [endWithOwner ? 'pipe' : 'ignore', 'ignore', 'ignore'],
  })
  keeper.unref()
  return keeper
}

/** A keeper that is to end with us reads from a pipe of ours, which is closed with this process however that ends. */
function releaseOf(keeper: ChildProcess): (() => void) | null {
  const { stdin } = keeper
  if (!stdin) return null
  stdin.on('error', () => undefined)
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return () => stdin.destroy()
}

function noteWaiting(world: World, pod: PodObject, live: Live, error: unknown): void {
  const waiting = waitingFor(error)
  if (error instanceof NotCreated) live.nextLaunchAt = performance.now() + waitingLookMilliseconds
  else {
    live.launchFailures += 1
    const backoff = Math.min(500 * 2 ** live.launchFailures, launchBackoffMillisecondsMax)
    live.nextLaunchAt = performance.now() + backoff
  }
  if (live.waiting?.reason === waiting.reason && live.waiting.message === waiting.message) return
  live.waiting = waiting
  if (!(error instanceof NotCreated)) world.log({ level: 'error', message: `pod ${pod.name}: ${waiting.message}` })
  world.changed(changedKey(pod))
  world.wake()
}

function waitingFor(error: unknown): { reason: string; message: string } {
  if (error instanceof NotCreated) return { reason: error.reason, message: error.message }
  const code = (error as NodeJS.ErrnoException | null)?.code
  const message =
    isFault(error) || code === undefined
      ? (error as Error).message
      : diskFault(error, 'the pod could not be prepared').message
  return { reason: 'CreateContainerError', message }
}
