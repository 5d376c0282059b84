import { commitOf } from '../../domain/branches.ts'
import type { SeenApplication, SeenOperation } from '../../domain/observation.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { JobController } from '../jobs/controller.ts'
import type { EndpointController } from '../serving/endpoints.ts'
import type { World } from '../world.ts'
import { type DesiredApplication, readDesired } from './desired.ts'

/** The deploy repository, as far as it is read here. */
export interface DeploySource {
  /** The commit at the head of the branch; null while there is none. Cheap. */
  head(): Promise<string | null>
  read(): Promise<Deployed>
}

/** Stands in for Argo CD: what the deploy repository says is made so, also where somebody changed it by hand. */
export interface Sync {
  /** Reads the deploy repository again where its head has moved. Never rejects: what went wrong is told by the Applications. */
  poll(): Promise<void>
  /** One look at every Application. Looking again changes nothing. */
  look(): void
  applications(environment: string): readonly SeenApplication[]
  /** What keeps the cluster from being what the head says; empty when nothing does. */
  behind(head: string | null): readonly string[]
}

interface State {
  /** What stood at the head when `desired` was read. */
  commit: string | null
  /** The commit of the branch that an environment is on. */
  commitOf(environment: string): string | null
  desired: readonly DesiredApplication[]
  seen: Map<string, SeenApplication & { readonly environment: string }>
  /** Why the deploy repository could not be read. */
  unreadable: string | null
}

export function openSync(world: World, deploy: DeploySource, jobs: JobController, endpoints: EndpointController): Sync {
  const state: State = { commit: null, commitOf: () => null, desired: [], seen: new Map(), unreadable: null }
  return {
    poll: () => poll(world, deploy, state),
    look: () => {
      if (state.commit !== null) apply(world, state, jobs, endpoints)
    },
    applications: (environment) =>
      [...state.seen.values()]
        .filter((one) => one.environment === environment)
        .map(({ environment: _environment, ...seen }) =>
          state.unreadable === null ? seen : { ...seen, phase: 'Unknown', message: state.unreadable },
        ),
    behind: (head) => {
      if (head === null) return []
      if (state.unreadable !== null) return [state.unreadable]
      if (state.commit !== head) return [`commit ${head.slice(0, 10)} has not been read yet`]
      return [...state.seen.values()]
        .filter((one) => one.appliedRevision !== state.commitOf(one.environment))
        .map(
          (one) =>
            `Application ${one.name} is ${one.phase} at ${head.slice(0, 10)}${one.message && `: ${one.message}`}`,
        )
    },
  }
}

async function poll(world: World, deploy: DeploySource, state: State): Promise<void> {
  try {
    const head = await deploy.head()
    // A repository without a commit asks for nothing, and least of all that everything be taken away.
    if (head !== null && head !== state.commit) {
      const deployed = await deploy.read()
      if (deployed.commit !== null) {
        state.desired = readDesired(deployed.files)
        state.commit = deployed.commit
        state.commitOf = (environment) => commitOf(deployed, environment)
        world.wake()
      }
    }
    if (state.unreadable !== null) world.changed({ everything: true })
    state.unreadable = null
  } catch (error) {
    const message = `the deploy repository could not be read: ${error instanceof Error ? error.message : String(error)}`
    if (state.unreadable === message) return
    state.unreadable = message
    world.log({ level: 'warn', message })
    world.changed({ everything: true })
  }
}

function apply(world: World, state: State, jobs: JobController, endpoints: EndpointController): void {
  const names = new Set(state.desired.map((application) => application.name))
  for (const application of state.desired) {
    note(world, state, application, applyOne(world, application, jobs, endpoints))
  }
  const orphaned = world.store.jobs().filter((job) => !names.has(job.application))
  for (const job of orphaned) jobs.requestDeletion(job)
  endpoints.keepOnly(names)
  const gone = [...state.seen.keys()].filter((name) => !names.has(name))
  for (const name of gone) state.seen.delete(name)
  if (gone.length > 0) world.changed({ everything: true })
}

/** `done` when everything is as the Application says, `wait` while something is on its way, else why it cannot be. */
type Applied = { readonly is: 'done' } | { readonly is: 'wait' | 'failed'; readonly message: string }

function applyOne(
  world: World,
  application: DesiredApplication,
  jobs: JobController,
  endpoints: EndpointController,
): Applied {
  const { content, name } = application
  switch (content.kind) {
    case 'broken':
      return { is: 'failed', message: content.message }
    case 'endpoint':
      endpoints.apply(application.name, content.endpoint)
      return { is: 'done' }
    case 'jobs': {
      const results = content.jobs.map((job) => applyJob(world, application, job, jobs))
      const wanted = new Set(content.jobs.map((job) => `${job.namespace}/${job.name}`))
      const surplus = world.store
        .jobs()
        .filter((job) => job.application === name && !wanted.has(`${job.namespace}/${job.name}`))
      for (const job of surplus) jobs.requestDeletion(job)
      const pruning = surplus.map((job): Applied => ({ is: 'wait', message: `Job ${job.name} is being pruned` }))
      const all = [...results, ...pruning]
      return all.find((one) => one.is === 'failed') ?? all.find((one) => one.is === 'wait') ?? { is: 'done' }
    }
  }
}

function applyJob(
  world: World,
  application: DesiredApplication,
  desired: (DesiredApplication['content'] & { kind: 'jobs' })['jobs'][number],
  jobs: JobController,
): Applied {
  const job = world.store.job(desired.namespace, desired.name)
  if (!job) {
    jobs.create(desired, { application: application.name, environment: application.environment })
    return { is: 'done' }
  }
  if (job.application !== application.name) {
    return { is: 'failed', message: `Job ${job.namespace}/${job.name} belongs to Application ${job.application}` }
  }
  if (job.deletionRequestedAt !== null) {
    return { is: 'wait', message: `Job ${job.name} is made again once the deleted one is gone` }
  }
  if (job.specHash !== desired.specHash) {
    return { is: 'failed', message: `Job ${job.namespace}/${job.name} is invalid: spec: field is immutable` }
  }
  const metadata = ({ labels, annotations }: Pick<typeof desired, 'labels' | 'annotations'>) =>
    JSON.stringify([labels, annotations])
  if (metadata(job) !== metadata(desired)) jobs.relabel(job, desired)
  return { is: 'done' }
}

/** What is not as its file says is made so in each look, so everything that is there is of the commit that was read. */
function operationOf(
  { commitOf: revisionOf }: State,
  { content, environment }: DesiredApplication,
): SeenOperation | null {
  const commit = revisionOf(environment)
  if (commit === null || content.kind !== 'jobs') return null
  return { revision: commit, finishedAt: null, jobs: content.jobs.map(({ name }) => name) }
}

function note(world: World, state: State, application: DesiredApplication, applied: Applied): void {
  const { name, environment } = application
  const before = state.seen.get(name)
  const seen = {
    name,
    environment,
    appliedRevision: applied.is === 'done' ? state.commitOf(environment) : (before?.appliedRevision ?? null),
    phase: ({ done: 'Succeeded', wait: 'Running', failed: 'Failed' } as const)[applied.is],
    message: applied.is === 'done' ? '' : applied.message,
    operation: operationOf(state, application),
  }
  if (JSON.stringify(seen) === JSON.stringify(before)) return
  state.seen.set(name, seen)
  world.changed({ everything: true })
  if (applied.is === 'failed') world.log({ level: 'warn', message: `Application ${name}: ${applied.message}` })
}
