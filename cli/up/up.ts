import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrors } from '../../domain/problem.ts'
import type { Publication } from '../../domain/publication.ts'
import type { ProcessEnvironment } from '../house/environment.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { explainFailure } from '../terminal/failure.ts'
import { shownProblems } from '../terminal/problems.ts'
import { describeProposal } from '../specs/propose-specs.ts'
import { commitsText, filesIn } from '../specs/publication-words.ts'
import { describeImpact } from '../specs/publish-specs.ts'
import type { Settings } from '../house/settings.ts'
import { holdStateFolder } from '../house/state-folder.ts'
import { type UpDocument, upDocument } from './document.ts'
import { type LocalHouse, openLocalHouse } from './local-house.ts'
import { failures, name, readState, type State, unsettled } from './state.ts'
import type { View } from './view.ts'
import { watchSpecs } from './watch.ts'

export interface UpOptions {
  readonly untilSettled: boolean
  readonly fresh: boolean
  /** Undefined: the settings' port. */
  readonly port: number | undefined
  /** Bounds the wait of `--until-settled`, milliseconds. */
  readonly timeoutMilliseconds: number
}

export interface UpEnd {
  readonly code: ExitCode
  readonly document: UpDocument
}

/** Runs everything on this machine until it has settled or is told to stop. */
export async function up(
  settings: Settings,
  options: UpOptions,
  world: { environment: ProcessEnvironment; view: View; stopped: AbortSignal; now: () => Date },
): Promise<UpEnd> {
  const began = performance.now()
  const lock = await holdStateFolder(settings, 'specyard up')
  let house: LocalHouse | undefined
  try {
    if (options.fresh) await startOver(settings, world.view)
    world.view.line('starting    the database, the local cluster and the API; what they keep is under .specyard/')
    house = await openLocalHouse(settings, { port: options.port, ...world })
    await lock.update({ url: house.url })
    const publications: Publication[] = []
    house.opened.onPublication((publication) => {
      publications.push(publication)
      if (publication.action !== 'publication')
        world.view.line(`published   ${publication.commit.slice(0, 10)}  ${publication.subject}`)
    })
    const publish = createPublishing(house, settings, world.view)
    const broken = await publish()
    const end = options.untilSettled
      ? await untilSettled(house, options, world, broken)
      : await untilStopped(house, { root: settings.root, publish }, world)
    const state = await readState(house.opened.records)
    return { code: end.code, document: upDocument(publications, state, (performance.now() - began) / 1000, end.reason) }
  } finally {
    await house?.stop()
    world.view.stop()
    await lock.release()
  }
}

/** What publishes the specs and says what that does; returns whether they have errors. What waits is said once, not after each save. */
function createPublishing(house: LocalHouse, settings: Settings, view: View): () => Promise<boolean> {
  const waited = new Set<string>()
  const tell = (line: string): void => {
    if (line.startsWith('waits') && waited.has(line)) return
    waited.add(line)
    view.line(line)
  }
  return async () => {
    const { impact, proposed, problems, files, publication } = await house.publish()
    const told = shownProblems(problems, files)
    if (told !== undefined) view.line(told)
    if (hasErrors(problems)) {
      view.line('nothing was published, and nothing that runs was changed; the next save is looked at again')
      return true
    }
    for (const line of proposed.flatMap(describeProposal)) tell(line)
    if (!publication && proposed.length > 0) return false
    if (!publication) {
      view.line('published   nothing: the deploy repository already says what the specs say')
      return false
    }
    for (const line of describeImpact({ impact })) tell(line)
    for (const plan of impact.starts.filter((one) => !house.connected(one.environment))) {
      tell(`waits       ${name(plan)}  (no cluster is connected for environment ${plan.environment})`)
    }
    view.line(`published   ${commitsText(publication)}  to ${settings.deployUrl}  (${filesIn(publication)} files)`)
    return false
  }
}

interface Ending {
  readonly code: ExitCode
  readonly reason: string | null
}

async function untilSettled(
  house: LocalHouse,
  options: UpOptions,
  world: { view: View; stopped: AbortSignal },
  broken: boolean,
): Promise<Ending> {
  if (broken) return { code: exitCodes.problems, reason: 'the specs have problems; nothing was published' }
  const deadline = performance.now() + options.timeoutMilliseconds
  for (;;) {
    const state = await lookAt(house)
    world.view.show(state)
    const left = [...unsettled(state, house.connected), ...(await house.unsettled())]
    if (left.length === 0) return afterSettled(state, house)
    const first = left.map(({ what, why }) => `${what}: ${why}`).join('; ')
    if (world.stopped.aborted) return { code: exitCodes.outside, reason: `stopped before it settled: ${first}` }
    if (performance.now() > deadline) {
      return { code: exitCodes.outside, reason: `not settled within ${options.timeoutMilliseconds / 1000} s: ${first}` }
    }
    await house.nextChange(world.stopped)
  }
}

function afterSettled(state: State, house: LocalHouse): Ending {
  const failed = failures(state, house.connected)
  if (failed.length === 0) return { code: exitCodes.fine, reason: null }
  return { code: exitCodes.problems, reason: failed.map(({ what, why }) => `${what}: ${why}`).join('; ') }
}

async function untilStopped(
  house: LocalHouse,
  specs: { root: string; publish: () => Promise<boolean> },
  world: { view: View; stopped: AbortSignal },
): Promise<Ending> {
  const watching = watchSpecs(specs.root, {
    saved: async (paths) => {
      world.view.line(`saved       ${describePaths(paths)}`)
      await specs.publish()
    },
    failed: (error) => {
      world.view.line(
        `${explainFailure(error).trimEnd()}\nnothing that runs was changed; the save is looked at again soon`,
      )
    },
  })
  let told = false
  try {
    while (!world.stopped.aborted) {
      const state = await lookAt(house)
      world.view.show(state)
      if (!told && [...unsettled(state, house.connected), ...(await house.unsettled())].length === 0) {
        told = true
        for (const line of whereThingsAre(house, state)) world.view.line(line)
      }
      await house.nextChange(world.stopped)
    }
  } finally {
    await watching.close()
  }
  world.view.line('stopping: endpoints end, trainings that run are interrupted and resume at the next start …')
  return { code: exitCodes.fine, reason: null }
}

const pathsNamed = 3

function describePaths(paths: readonly string[]): string {
  const more = paths.length - pathsNamed
  return paths.slice(0, pathsNamed).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function whereThingsAre(house: LocalHouse, state: State): readonly string[] {
  const run = state.runs.find((one) => one.state === 'SUCCEEDED') ?? state.runs[0]
  const endpoint = state.endpoints.find((one) => one.status === 'healthy' && one.url !== null)
  return [
    '',
    `API         ${house.url}    reference: ${house.url}/docs`,
    ...(endpoint
      ? [
          `endpoint    curl -s ${endpoint.url}/generate -H 'content-type: application/json' -d '{"prompt":"A run ","max_tokens":120}'`,
        ]
      : []),
    'status      npx specyard status',
    ...(run
      ? [
          `logs        npx specyard logs ${run.name}`,
          `trace       npx specyard trace ${run.attempts.at(-1)?.jobName ?? run.id}`,
        ]
      : []),
    'watching    specs/ : save a changed spec and its run is superseded; Ctrl-C stops in order',
    '',
  ]
}

/** @throws Fault FENCE_LOST where another process does this one's work now */
async function lookAt(house: LocalHouse): Promise<State> {
  const replaced = house.replaced()
  if (replaced) throw replaced
  return readState(house.opened.records)
}

/** `--fresh`: ends what an earlier `up` left running, then forgets everything but the lock. */
async function startOver(settings: Settings, view: View): Promise<void> {
  const { endLeftovers } = await import('../../local/leftovers.ts')
  await endLeftovers(join(settings.stateFolder, 'local'))
  for (const part of ['database', 'deploy.git', 'deploy-cache', 'local', 'storage']) {
    await rm(join(settings.stateFolder, part), { recursive: true, force: true })
  }
  view.line('fresh       database, deploy repository, local cluster and storage under .specyard/ are gone')
}
