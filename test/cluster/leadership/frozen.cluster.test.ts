import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run as runCommand } from '../base/command.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import type { Identity } from '../support/identities.ts'
import { expectOneTrainerPerAttempt } from '../support/invariant.ts'
import { openYard, trainingSpec, type Yard } from '../support/yard.ts'
import {
  freezeAfterRenewal,
  freezeWhileWriting,
  grantsBy,
  type LeadingProcess,
  newestToken,
  reconcilerIdentity,
  startReconciler,
  takeoverSecondsMax,
} from './reconcilers.ts'

describe.runIf(hasRealNode())('a leader that is frozen past its Lease', () => {
  let cluster: Cluster
  let yard: Yard
  let held: HeldTraining
  const users: Record<string, Identity> = {}
  let one: LeadingProcess
  let two: LeadingProcess

  const startAs = async (name: string): Promise<LeadingProcess> => {
    const identity = await reconcilerIdentity(cluster, yard, name)
    users[name] = identity
    const url = new URL(yard.database.url)
    url.searchParams.set('application_name', name)
    return startReconciler(yard, { KUBECONFIG: identity.kubeconfig, DATABASE_URL: url.href })
  }
  const refusals = (running: LeadingProcess) => running.said().split('FENCE_LOST').length - 1
  const untilRefused = (running: LeadingProcess, before: number) =>
    until('its writes to be refused', () => refusals(running) > before, { seconds: 15 }).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; it said:\n${running.said()}`, { cause })
    })

  beforeAll(async () => {
    cluster = theCluster()
    held = await holdTraining(cluster)
    yard = await openYard(cluster, { reconcile: false })
    one = await startAs('one')
    await one.untilLeads(10)
    two = await startAs('two')
    const { environment } = yard
    await yard.merge({ 'training.yaml': trainingSpec(cluster, { environment, command: held.command }) })
    await yard.untilRun('handbook-lm', 'to run', ({ state }) => state === 'RUNNING', 90)
  })
  afterAll(async () => {
    await yard?.close()
    await held?.close()
  })

  it('is replaced within 20 s, although it was frozen in the middle of a write', async () => {
    const token = await newestToken(yard)
    await freezeWhileWriting(yard, one, 'one')
    await two.untilLeads(takeoverSecondsMax)
    expect(await newestToken(yard)).toBeGreaterThan(token)
  })

  it('is not missed: what is merged meanwhile is published, leased and trained by the next', async () => {
    const { environment } = yard
    await yard.merge({ 'second.yaml': trainingSpec(cluster, { environment, name: 'second', seed: 2 }) })
    const second = await yard.untilRun('second', 'to end', ({ state }) => /SUCCEEDED|FAILED/.test(state), 120)
    expect(second).toMatchObject({ state: 'SUCCEEDED', attempt: 1 })
  })

  it('when it thaws it leads no longer, and waits', async () => {
    one.kill('SIGCONT')
    await until('it to wait', () => /leads no longer[^]*two_|leads no longer[^]*waits/.test(one.said()), {
      seconds: 15,
    })
    expect(await one.leads()).toBe(false)
    expect(await two.leads()).toBe(true)
  })

  it('has its writes to the database refused where it goes on before it knows', async () => {
    const before = refusals(two)
    await freezeAfterRenewal(cluster, yard, two)
    await one.untilLeads(takeoverSecondsMax)
    // Nobody else writes down what the trainer says meanwhile: the one that thaws finds it, and tries.
    one.kill('SIGSTOP')
    two.kill('SIGCONT')
    await untilRefused(two, before)
    one.kill('SIGCONT')
    await until('it to wait', () => two.said().split('FENCE_LOST').at(-1)?.includes('waits'), { seconds: 15 })
    expect(await one.leads()).toBe(true)
    expect(await two.leads()).toBe(false)
  })

  it('has its operation on Git dropped, because the entry has moved on', async () => {
    const trap = await layTrap(yard)
    const before = refusals(one)
    held.let('exit')
    await until('a push of the leader to be held up', () => trap.isSprung(), { seconds: 60 }).catch(async (cause) => {
      const run = JSON.stringify(await yard.newestRun('handbook-lm'))
      throw new Error(`${String(cause)}; the leader said:\n${one.said()}\nthe run is ${run}`, { cause })
    })
    one.kill('SIGSTOP')
    await two.untilLeads(takeoverSecondsMax)
    await untilConcluded(yard, 60)
    trap.open()
    one.kill('SIGCONT')
    await untilRefused(one, before)
    const subjects = await subjectsOf(yard)
    expect(subjects.filter((subject) => subject.includes('handbook-lm')).sort()).toEqual(
      [...new Set(subjects)].filter((subject) => subject.includes('handbook-lm')).sort(),
    )
    expect(await yard.newestRun('handbook-lm')).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0 })
  })

  it('has granted no lease that another one granted, and started nothing twice', () => {
    expect(grantsBy(cluster, yard, users['one'] as Identity)).toBe(1)
    expect(grantsBy(cluster, yard, users['two'] as Identity)).toBe(1)
    const starts = expectOneTrainerPerAttempt(cluster, yard)
    expect(starts).toHaveLength(2)
  })

  it('has registered each version once', async () => {
    const { items } = await yard.ask<{ items: readonly { model: string; version: number }[] }>('/v1/models')
    expect(items.map(({ version }) => version).sort()).toEqual(items.map((_one, index) => index + 1))
  })
})

/** Holds up the first push to the deploy repository from now on, until it is opened; others pass. */
async function layTrap({ deploy }: Yard): Promise<{ isSprung(): boolean; open(): void }> {
  const [sprung, opened] = [join(deploy.folder, 'trap-sprung'), join(deploy.folder, 'trap-opened')]
  const hook = join(deploy.folder, 'hooks', 'pre-receive')
  // A folder is made by one alone. Two minutes at most: no test waits longer.
  const script = `#!/bin/sh
mkdir '${sprung}' 2>/dev/null || exit 0
for tenth in $(seq 1200); do [ -e '${opened}' ] && exit 0; sleep 0.1; done
`
  writeFileSync(hook, script)
  chmodSync(hook, 0o755)
  return { isSprung: () => existsSync(sprung), open: () => writeFileSync(opened, '') }
}

/** Subjects of the commits of the deploy repository, oldest first. */
async function subjectsOf({ deploy }: Yard): Promise<readonly string[]> {
  const text = await runCommand('git', ['-C', deploy.folder, 'log', '--reverse', '--format=%s', 'main'])
  return text.split('\n').filter(Boolean)
}

/** Until the ledger has the outcome of the first run. */
async function untilConcluded(yard: Yard, seconds: number): Promise<void> {
  const path = `.specyard/ledger/runs/${yard.environment}/language/handbook-lm.json`
  const isConcluded = async () => (await yard.deploy.read(path)).includes('SUCCEEDED')
  await until('the ledger to have the outcome', isConcluded, { seconds })
}
