import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LedgerRun, ledgerRunsKept } from '../../../domain/ledger.ts'
import type { LedgerCommit } from '../../../domain/ledger-history.ts'
import { ledgerText, readLedger } from '../../../domain/ledger-files.ts'
import type { Publication } from '../../../domain/publication.ts'
import type { Run } from '../../../domain/run.ts'
import { type DeployRepository, initBareRepository, openDeployRepository } from '../../../publisher/deploy.ts'
import { type Rebuilt, rebuildRecords } from '../../../reconciler/rebuild/rebuild.ts'
import { openRecords } from '../../../records/open.ts'
import { queryOnce } from '../../../records/pool.ts'
import type { Records } from '../../../records/records.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { bareEnvironment, deployOptions, gitIn } from '../../support/publisher.ts'
import { at, ledgerRun, plan } from '../../support/reconciler.ts'
import { live, manyRuns, texts } from '../../support/rebuild-history.ts'
import { openRebuildHouse, type RebuildHouse } from '../../support/rebuild-house.ts'
import { grantedOnce } from '../../support/scripted-cluster.ts'

/*
 * One history, made by the real publisher and reconciler over a real Git repository and database; then the database is emptied and made again
 * from that repository. The tests look at it one after the other.
 */

interface Snapshot {
  readonly runs: readonly Run[]
  readonly models: Awaited<ReturnType<Records['models']['list']>>
  readonly endpoints: Awaited<ReturnType<Records['endpoints']['list']>>
  readonly releases: readonly object[]
  readonly publications: readonly Publication[]
}

let folder: string
let database: TestDatabase
let records: Records
let deploy: DeployRepository
let house: RebuildHouse
let before: Snapshot
let after: Snapshot
let rebuilt: Rebuilt
/** Commits that somebody had to merge. */
let proposed: readonly string[]
/** Times of all commits, in milliseconds. */
let commitTimes: ReadonlySet<number>
const clock = { ahead: 0 }

async function snapshot(): Promise<Snapshot> {
  return {
    runs: [...(await records.runs.list({ limit: 500 }))].sort((one, other) => (one.id < other.id ? -1 : 1)),
    models: await records.models.list({}),
    endpoints: await records.endpoints.list({}),
    releases: await queryOnce<object>(
      database.pool,
      'select revision, model_version, model_digest, superseded_at is null as newest from deployments order by revision',
    ),
    publications: await records.publications.list(10_000),
  }
}

async function rebuild(): Promise<Rebuilt> {
  const token = await records.fence.take('the test')
  const history = await deploy.ledgerHistory()
  const made = await rebuildRecords({
    records: records.fenced(token),
    history: history.read(),
    stopped: new AbortController().signal,
    progress: () => undefined,
  })
  return made
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-rebuild-'))
  database = await openTestDatabase()
  records = openRecords(database.pool)
  const url = join(folder, 'deploy.git')
  await initBareRepository(url, 'main', bareEnvironment)
  const now = (): Date => new Date(Date.now() + clock.ahead * 1000)
  deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), now })
  house = openRebuildHouse(deploy, records, clock, url)
  proposed = await live(house)
  before = await snapshot()
  const times = gitIn(url, 'log', '--format=%ct').split('\n')
  commitTimes = new Set(times.map((seconds) => Number(seconds) * 1000))
  await emptyTables(database.pool)
  rebuilt = await rebuild()
  after = await snapshot()
}, 600_000)
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

const pairs = (): readonly (readonly [Run, Run])[] =>
  before.runs.map((run, index) => [run, after.runs[index] as Run] as const)

describe('records that were lost', () => {
  it('the history that the tests are about has every kind of run, and more than the ledger keeps', async () => {
    const ledger = readLedger((await deploy.read()).files)
    expect(ledger.runs.find(({ name }) => name === 'many')?.runs).toHaveLength(ledgerRunsKept)
    expect(before.runs.filter(({ name }) => name === 'many')).toHaveLength(manyRuns)
    const states = before.runs
      .filter(({ name }) => name !== 'many')
      .map(({ name, state, attempt }) => `${name} ${state} ${attempt}`)
    expect(states.sort()).toEqual([
      'fails FAILED 1',
      'goes-on RUNNING 1',
      'letters CANCELLED 1',
      'letters SUCCEEDED 1',
      'letters SUCCEEDED 2',
      'stops CANCELLED 1',
    ])
  })

  it('are there again: every run with its id, spec, outcome and counts', () => {
    expect(rebuilt).toMatchObject({ complete: true, known: 0, goingOn: 1, leftCount: 0, disbelievedCount: 0 })
    expect(rebuilt.dropped).toBe(manyRuns - ledgerRunsKept)
    expect(rebuilt.runIds).toHaveLength(before.runs.length)
    const facts = ({
      id,
      traceId,
      name,
      digest,
      state,
      attempt,
      retryCount,
      disruptionCount,
      finalMetrics,
      specLine,
      specPath,
    }: Run) => ({
      ...{ id, traceId, name, digest, attempt, retryCount, disruptionCount, finalMetrics, specLine, specPath },
      state: state === 'RUNNING' ? 'PENDING' : state,
    })
    // Only a registered version says what a run measured.
    const registered = new Set(before.models.map(({ run }) => run.id))
    const known = before.runs.map((run) => (registered.has(run.id) ? run : { ...run, finalMetrics: null }))
    expect(after.runs.map(facts)).toEqual(known.map(facts))
  })

  it('have the attempts of each run, with names, ends, failure classes and what was retired', () => {
    for (const [was, is] of pairs()) {
      const facts = (run: Run) =>
        run.attempts.map(({ attempt, jobName, state, failureClass, retiredAt }) => ({
          ...{ attempt, jobName, failureClass, isRetired: retiredAt !== null },
          state: state === 'RUNNING' ? 'PENDING' : state,
        }))
      const known = facts(was)
      expect(facts(is), `${was.name} ${was.state}`).toEqual(known)
    }
  })

  it('have times that are those of commits, never before what they stand for', () => {
    for (const [was, is] of pairs()) {
      const ends = [is.completedAt, ...is.attempts.flatMap(({ endedAt, retiredAt }) => [endedAt, retiredAt])]
      const times = [is.createdAt, ...ends.filter((time) => time !== null)].map((time) => time.getTime())
      expect(times.filter((time) => !commitTimes.has(time))).toEqual([])
      expect(is.createdAt.getTime()).toBeLessThanOrEqual(was.createdAt.getTime())
      expect(is.completedAt === null).toBe(was.completedAt === null)
      // Commits have whole seconds.
      if (was.completedAt) expect(is.completedAt?.getTime()).toBeGreaterThan(was.completedAt.getTime() - 1000)
    }
  })

  it('have what somebody had to merge begin when it was merged, not when it was proposed', () => {
    const merges = before.publications.filter(({ merge }) => merge)
    expect(merges.map(({ commit, merge }) => [commit, merge?.by?.who, merge?.by?.source])).toEqual([
      [proposed[1], 'Ada <ada@example.com>', 'author'],
      [proposed[0], 'Ada <ada@example.com>', 'committer'],
    ])
    for (const { at: mergedAt, merge } of merges) {
      expect(mergedAt.getTime() - (merge?.proposedAt.getTime() ?? 0)).toBeGreaterThanOrEqual(599_000)
      expect(after.runs.filter(({ createdAt }) => createdAt.getTime() === mergedAt.getTime())).toMatchObject([
        { name: 'letters' },
      ])
    }
  })

  it('say of what nobody knows any more that it is not known', async () => {
    for (const run of after.runs) {
      expect(run).toMatchObject({ startedAt: null, queuedAt: null, progress: null, trackerRunId: null })
      for (const one of run.attempts) expect(one).toMatchObject({ jobUid: null, startedAt: null, evidence: null })
      const [event] = await records.runs.events(run.id, 0, 10)
      expect(event).toMatchObject({
        reason: 'FromLedger',
        message: expect.stringContaining('not known from there: Job and pods'),
      })
      if (run.state === 'PENDING') expect(run).toMatchObject({ reason: 'Committed', name: 'goes-on' })
      else expect(run).toMatchObject({ reason: 'FromLedger', message: expect.stringContaining('not known from there') })
    }
    expect(rebuilt).toMatchObject({ withoutFailureClassCount: 0, withoutFailureClass: [] })
    const messages = after.runs.map(({ message }) => message.split(';')[0])
    expect(messages.filter((text) => text?.startsWith('superseded by run '))).toHaveLength(1)
    expect(messages).toContain('cancelled on request')
  })

  it('have the plan of each run, from when the ledger had it', async () => {
    const plans = await records.runs.plans(after.runs.map(({ id }) => id))
    expect(after.runs.map(({ id }) => plans.get(id)?.id)).toEqual(after.runs.map(({ id }) => id))
  })

  it('have the model versions, of the time of their registration, and each release that they made', () => {
    const facts = ({ createdAt: _created, ...version }: Snapshot['models'][number]) => version
    expect(after.models.map(facts)).toEqual(before.models.map(facts))
    expect(after.models).toHaveLength(2)
    for (const { createdAt } of after.models) expect(commitTimes).toContain(createdAt.getTime())
    expect(before.releases).toHaveLength(2)
    expect(after.releases).toEqual(before.releases)
    const named = ({ name, environment, revision, modelVersion, modelDigest }: Snapshot['endpoints'][number]) => ({
      name,
      environment,
      revision,
      modelVersion,
      modelDigest,
    })
    expect(after.endpoints.map(named)).toEqual(before.endpoints.map(named))
  })
})

describe('a rebuild', () => {
  it('done again changes nothing', async () => {
    const again = await rebuild()
    expect(again).toMatchObject({ runIds: [], known: before.runs.length, modelVersions: 0, releases: 0 })
    expect(await snapshot()).toEqual(after)
  })

  it('of an emptied database makes the same once more', async () => {
    await emptyTables(database.pool)
    await rebuild()
    const facts = ({ runs, models, releases }: Snapshot) => ({
      runs,
      models: models.map(({ createdAt, digest }) => [createdAt, digest]),
      releases,
    })
    expect(facts(await snapshot())).toEqual(facts(after))
  })

  it('that was stopped writes no run that may go on, and what follows adds the rest', async () => {
    await emptyTables(database.pool)
    const stop = new AbortController()
    const history = await deploy.ledgerHistory()
    const half = await rebuildRecords({
      records,
      history: history.read(),
      stopped: stop.signal,
      progress: (position) => {
        if (position > history.commits - 10) stop.abort()
      },
    })
    expect(half.complete).toBe(false)
    const written = (await snapshot()).runs
    expect(written).toHaveLength(half.runIds.length)
    expect(written.every(({ name, state }) => name === 'many' && state === 'SUCCEEDED')).toBe(true)
    expect(await rebuild()).toMatchObject({ complete: true, known: half.runIds.length })
    expect((await snapshot()).runs).toEqual(after.runs)
  })

  it('is followed by a pass without clusters, which concludes nothing from what it does not see', async () => {
    await house.pass(null)
    const now = await snapshot()
    expect(now.runs.map(({ state }) => state)).toEqual(after.runs.map(({ state }) => state))
    expect(now.runs.flatMap(({ attempts }) => attempts.filter(({ evidence }) => evidence !== null))).toEqual([])
    expect(now.publications).toEqual(before.publications)
  })

  it('is followed by a pass that finds in the cluster what goes on and what is left of ends, and starts nothing', async () => {
    const head = await deploy.head()
    const granted = house.cluster.granted.length
    await house.pass()
    expect(await house.newest('goes-on')).toMatchObject({
      state: 'RUNNING',
      attempts: [{ jobUid: expect.any(String) }],
    })
    expect(await house.newest('fails')).toMatchObject({
      state: 'FAILED',
      attempts: [
        {
          jobUid: expect.any(String),
          evidence: { exitCode: 1, logTail: [expect.stringContaining('the log of fails')], unobtainable: [] },
        },
      ],
    })
    expect(await house.publish(texts(manyRuns, 2))).toBeUndefined()
    await house.pass()
    expect(await deploy.head()).toBe(head)
    expect(house.cluster.granted).toHaveLength(granted)
    expect(grantedOnce(house.cluster.granted)).toBe(true)
  })

  it('lets what goes on end, be retired and be recorded as ever', async () => {
    await house.end(await house.newest('goes-on'), 'SUCCEEDED')
    await house.pass()
    house.advance(4000)
    await house.pass()
    expect(await house.newest('goes-on')).toMatchObject({
      state: 'SUCCEEDED',
      attempts: [{ retiredAt: expect.any(Date) }],
    })
    expect(await records.actions.pendingCount()).toBe(0)
    expect(grantedOnce(house.cluster.granted)).toBe(true)
  })
})

describe('a history of which not all can be told', () => {
  const path = '.specyard/ledger/runs/dev/language/letters.json'
  const key = { format: 1, environment: 'dev', project: 'language', name: 'letters' } as const
  const text = (...runs: readonly LedgerRun[]): string => ledgerText({ ...key, runs })
  const tracker = { kind: 'mlflow', url: 'http://mlflow.example.com', experiment: 'language/letters' } as const
  const tracked: LedgerRun = { ...ledgerRun, plan: { ...plan, tracker } }
  const ended: LedgerRun = { ...tracked, status: 'ended', outcome: 'SUCCEEDED' }

  beforeEach(() => emptyTables(database.pool))

  async function rebuildOf(...files: readonly (string | null | 'theirs')[]): Promise<Rebuilt> {
    async function* history(): AsyncGenerator<LedgerCommit> {
      for (const [index, file] of files.entries()) {
        const place = { commit: String(index).repeat(40), at: at(index), position: index + 1 }
        if (file === 'theirs') yield { ...place, ours: false, author: 'Ada <ada@example.com>', paths: [path] }
        else yield { ...place, ours: true, action: 'publication', files: new Map([[path, file]]) }
      }
    }
    const stopped = new AbortController().signal
    return rebuildRecords({ records, history: history(), stopped, progress: () => undefined })
  }

  it.each([
    [
      'a run that left the ledger before it ended is named and left out',
      [text(tracked), null],
      'it left the ledger before',
    ],
    [
      'a run whose plan no commit has is named and left out',
      [text({ ...ended, plan: null })],
      'no commit of Specyard has its plan',
    ],
  ])('%s', async (_, files, why) => {
    expect(await rebuildOf(...files)).toMatchObject({
      ...{ runIds: [], leftCount: 1 },
      left: [{ runId: ledgerRun.id, name: 'dev/language/letters', why: expect.stringContaining(why) }],
    })
    expect(await records.runs.list({})).toEqual([])
  })

  it('a commit of somebody else is named, and what follows of ours is told on', async () => {
    const made = await rebuildOf(text(tracked), 'theirs', text(ended))
    expect(made).toMatchObject({
      disbelievedCount: 1,
      disbelieved: [{ commit: '1'.repeat(40), author: 'Ada <ada@example.com>', path }],
    })
    expect(await house.newest('letters')).toMatchObject({ state: 'SUCCEEDED', completedAt: at(2) })
  })

  it('what an attempt that ended measured is asked of its tracker', async () => {
    await rebuildOf(text(tracked))
    expect(await records.actions.due(new Date(), 10, 'beside-passes')).toEqual([])
    await emptyTables(database.pool)
    await rebuildOf(text(tracked), text(ended))
    const due = await records.actions.due(new Date(), 10, 'beside-passes')
    const link = { kind: 'link-tracker', environment: 'dev', runId: ledgerRun.id, attempt: 1 }
    expect(due.map(({ action }) => action)).toEqual([link])
  })

  it('a commit of ours that this version cannot read ends it, with the file', async () => {
    await expect(rebuildOf('{')).rejects.toMatchObject({
      code: 'LEDGER_UNREADABLE',
      message: expect.stringContaining(path),
    })
    await expect(rebuildOf('{"format": 2}')).rejects.toMatchObject({ code: 'LEDGER_VERSION_UNKNOWN' })
  })
})
