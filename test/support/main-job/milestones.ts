import { isAlive } from '../../../local/process/identity.ts'
import { killPod, signalProcess } from '../../../local/process/kill-pod.ts'
import { podFiles, readClaim } from '../../../local/process/pod-files.ts'
import { readText } from '../../../local/process/files.ts'
import { type Life, type Milestone, Missed } from './life.ts'

/** The points of the worked example's main job at which it is killed, in the order in which they come. */
export const milestones = {
  lock: file('the lock is taken', 'lock'),
  port: file('the port of the API is taken', 'port'),
  deployRepository: file('the deploy repository is being made', 'deploy.git'),
  databaseBegun: file('the database is being made', 'database.unfinished'),
  database: file('the database is made', 'database', 'PG_VERSION'),
  publication: commit('the publication is committed and no record knows of it', /^Publish specs/),
  job: seen('the first Job is in the local cluster', ({ sight }) => sight.jobs().length > 0),
  lease: seen('the first lease is granted', ({ sight }) => sight.secrets().length > 0),
  keeper: seen('the first keeper has taken its pod', ({ sight }) =>
    sight.pods().some(({ folder }) => readClaim(folder)),
  ),
  trainer: seen('the trainer has started', (life) => trainerSaid(life, 'handbook-lm', 1, /begins at the beginning/)),
  heartbeat: seen(
    'the first heartbeat is recorded',
    async (life) => (await runOf(life, 'handbook-lm'))?.['progress'] != null,
  ),
  halfway: seen('half of the epochs are recorded', async (life) => {
    const epochs = (await eventsOf(life, 'handbook-lm')).filter(({ type }) => type === 'epoch_end')
    return epochs.length >= 8
  }),
  trainerEnd: {
    name: 'the trainer has reported its end and exited',
    reached: (life: Life) => hasExited(life, 'handbook-lm', 1),
    comesAlone: true,
  },
  version: seen(
    'the model version is recorded',
    async ({ sight }) => itemsOf(await sight.ask('/v1/models')).length > 0,
  ),
  failure: seen('the failing attempt has exited', (life) => exits(life, 1, /^Retry dev\/language\/handbook-retry/)),
  retry: commit('the retry is committed', /^Retry dev\/language\/handbook-retry/),
  secondLease: seen('the lease of attempt 2 is granted', ({ sight }) =>
    sight.secrets().some(({ lease }) => lease?.attempt === 2),
  ),
  secondTrainer: {
    name: 'the trainer of attempt 2 has started',
    reached: (life: Life) => trainerSaid(life, 'handbook-retry', 2, /goes on from checkpoint/),
    comesAlone: true,
  },
  secondCheckpoint: seen('a checkpoint of attempt 2 is recorded', async (life) =>
    (await eventsOf(life, 'handbook-retry')).some(({ type, attempt }) => type === 'checkpoint' && attempt === 2),
  ),
  secondEnd: {
    name: 'attempt 2 has exited',
    reached: (life: Life) => exits(life, 2, /^Retire dev\/language\/handbook-retry: SUCCEEDED/),
    comesAlone: true,
  },
  conclusion: commit('the outcome of the retried run is committed', /Conclude dev\/language\/handbook-retry/),
  retirement: seen('the Job of attempt 2 is retired and gone', ({ sight }) => {
    const ended = sight.commits().some((one) => /^Retire dev\/language\/handbook-retry: SUCCEEDED/.test(one))
    return ended && !sight.jobs().some((name) => /^handbook-retry-[0-9a-f]+-2$/.test(name))
  }),
  registration: commit('the model version is committed and the endpoint pinned', /^Register /),
  endpoint: file('the endpoint is in the local cluster', 'local', 'endpoints', 'dev.language.endpoint.handbook.json'),
  server: seen('the server process has started', ({ sight }) =>
    sight.pods().some(({ pod, progress }) => pod.owner.kind === 'Endpoint' && progress?.running != null),
  ),
  healthy: seen('the endpoint is healthy in the records', async ({ sight }) =>
    itemsOf(await sight.ask('/v1/endpoints')).some(({ status }) => status === 'healthy'),
  ),
  stopping: {
    name: 'an orderly stop is ending the server process',
    interruptedWhen: async ({ sight }: Life) => {
      const runs = itemsOf(await sight.ask('/v1/jobs')).filter(({ environment }) => environment === 'dev')
      return runs.length === 2 && runs.every(({ state }) => state === 'SUCCEEDED')
    },
    reached: ({ sight }: Life) =>
      sight.pods().some(({ pod }) => pod.owner.kind === 'Endpoint' && pod.deletionRequestedAt !== null),
  },
  machine: {
    name: 'the machine dies with everything on it after a checkpoint',
    // The failing attempt is over by then: one that resumes after its failure would not fail.
    reached: async (life: Life) =>
      hasExited(life, 'handbook-retry', 1) &&
      (await eventsOf(life, 'handbook-lm')).some(({ type }) => type === 'checkpoint'),
    alsoKill: (life: Life) => {
      if (hasExited(life, 'handbook-lm', 1)) throw new Missed('the trainer had ended before the machine died')
      for (const { folder, exit } of life.sight.pods()) if (!exit) killPod(folder)
    },
  },
  keeperAlone: {
    name: 'the keeper dies and its trainer goes on',
    reached: (life: Life) => trainerSaid(life, 'handbook-lm', 1, /goes on from checkpoint/),
    alsoKill: ({ sight }: Life) => {
      for (const { folder } of sight.podsOf('handbook-lm', 1)) {
        const claim = readClaim(folder)
        if (claim && 'keeper' in claim && isAlive(claim.keeper)) signalProcess(claim.keeper, 'SIGKILL')
      }
    },
  },
} as const satisfies Record<string, Milestone>

function seen(name: string, reached: Milestone['reached']): Milestone {
  return { name, reached }
}

function file(name: string, ...path: readonly string[]): Milestone {
  return seen(name, ({ sight }) => sight.has(...path))
}

function commit(name: string, subject: RegExp): Milestone {
  return seen(name, ({ sight }) => sight.commits().some((one) => subject.test(one)))
}

function trainerSaid({ sight }: Life, name: string, attempt: number, words: RegExp): boolean {
  return sight
    .podsOf(name, attempt)
    .some(({ folder, pod }) => words.test(readText(podFiles.log(folder, pod.spec.containers[0]?.name ?? '')) ?? ''))
}

/** @param after what a commit says after which its pod is taken away. @throws Missed for whoever looks only then */
function exits(life: Life, attempt: number, after: RegExp): boolean {
  if (hasExited(life, 'handbook-retry', attempt)) return true
  const { sight } = life
  const isOver = sight.commits().some((one) => after.test(one)) && sight.podsOf('handbook-retry', attempt).length === 0
  if (isOver) throw new Missed(`the pod of attempt ${attempt} was gone before anybody saw that it had exited`)
  return false
}

function hasExited({ sight }: Life, name: string, attempt: number): boolean {
  return sight.podsOf(name, attempt).some(({ exit }) => exit !== undefined)
}

type Item = Readonly<Record<string, unknown>>

function itemsOf(answer: unknown): readonly Item[] {
  return (answer as { items?: readonly Item[] } | undefined)?.items ?? []
}

async function runOf({ sight }: Life, name: string): Promise<Item | undefined> {
  return itemsOf(await sight.ask('/v1/jobs')).find((run) => run['name'] === name)
}

async function eventsOf(life: Life, name: string): Promise<readonly Item[]> {
  const run = await runOf(life, name)
  return run ? itemsOf(await life.sight.ask(`/v1/jobs/${String(run['id'])}/events?limit=1000`)) : []
}
