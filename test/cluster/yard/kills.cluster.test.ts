import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseSecretName } from '../../../domain/names.ts'
import { run as runCommand } from '../base/command.ts'
import { resource } from '../base/kubernetes.ts'
import { processesOfBed } from '../base/process-table.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type HeldTraining, holdTraining } from '../support/held.ts'
import { expectOneTrainerPerAttempt, trainerStarts } from '../support/invariant.ts'
import { endOf, type Job, jobPath, logsOf, type Pod } from '../support/jobs.ts'
import { openYard, type RunAnswer, trainingSpec, type Yard } from '../support/yard.ts'
import { isRunning, lookNow, podsOfRun, stepOf } from '../support/yard-objects.ts'

/*
 * The service is killed, without a moment to tidy up, at every turn of a training's life, and started again. What was promised before the kill is
 * kept, what was under way is finished, and nothing is done twice.
 */

const hasSucceeded = ({ state }: RunAnswer): boolean => {
  if (state === 'FAILED' || state === 'CANCELLED') throw new Error(`it is ${state}`)
  return state === 'SUCCEEDED'
}

describe.runIf(hasRealNode())('the service, killed and started again', () => {
  let cluster: Cluster
  let yard: Yard
  let held: HeldTraining
  let run: RunAnswer
  beforeAll(async () => {
    cluster = theCluster()
    held = await holdTraining(cluster)
    yard = await openYard(cluster)
    const { environment } = yard
    // The Application over the trainings is there before it matters how quickly.
    await yard.merge({ 'warm.yaml': trainingSpec(cluster, { environment, name: 'warm', epochs: 1 }) })
    await yard.untilRun('warm', 'to run', ({ state }) => state !== 'PENDING', 90)
  })
  afterAll(async () => {
    await yard?.close()
    await held?.close()
  })

  const kill = async (): Promise<void> => {
    const service = yard.service()
    service?.kill('SIGKILL')
    await service?.ended
  }
  const jobOf = (): Promise<Job | undefined> =>
    cluster.kubernetes.get<Job>(jobPath(yard.namespace, run.attempts[0]?.job_name ?? ''))
  const onePod = async (): Promise<Pod> => {
    const pods = await podsOfRun(cluster, yard, run)
    expect(pods).toHaveLength(1)
    return pods[0] as Pod
  }

  it('is the bed’s, which is taken away with all that is its own, also where nobody is left to end the service', () => {
    expect(processesOfBed(cluster.folder).map(({ pid }) => pid)).toContain(yard.service()?.pid)
  })

  it('before the lease: the training waits for it, and starts once it is back', async () => {
    const { environment } = yard
    const more = '  ttlSecondsAfterFinished: 8\n'
    await yard.merge({
      'training.yaml': trainingSpec(cluster, { environment, name: 'killed', command: held.command, more }),
    })
    const manifest = /jobs\/killed-[0-9a-f]+-1\.yaml$/
    await until('its manifest', async () => (await yard.deploy.paths()).some((path) => manifest.test(path)), {
      ...{ seconds: 60, everyMilliseconds: 20 },
    })
    await kill()
    await lookNow(cluster, yard)
    const pods = resource('v1', 'pods', yard.namespace)
    const waiting = async () =>
      (await cluster.kubernetes.list<Pod>(pods)).find(({ metadata, status }) => {
        const [lease] = status.initContainerStatuses ?? []
        return metadata.name.startsWith('killed-') && lease?.state.waiting?.reason === 'CreateContainerConfigError'
      })
    const pod = await until('its pod to wait for the lease', waiting, { seconds: 60 })
    expect(held.pods).toEqual(new Set())
    await yard.start()
    run = await yard.untilRun('killed', 'to run', isRunning, 60)
    await until('its trainer to begin', () => held.pods.size > 0, { seconds: 15 })
    expect(held.pods).toEqual(new Set([pod.metadata.name]))
  })

  it('while it trains: the training goes on and is followed', async () => {
    await kill()
    await yard.start()
    const first = await yard.untilRun('killed', 'to report', (one) => stepOf(one) > 0, 60)
    run = await yard.untilRun('killed', 'to go on', (one) => stepOf(one) > stepOf(first), 30)
    expect(run).toMatchObject({ state: 'RUNNING', attempt: 1, disruption_count: 0 })
  })

  it('while the trainer says that it is done: the trainer says it again, and is heard', async () => {
    await kill()
    held.let('say-done')
    const pod = await onePod()
    await until('the trainer to say so', () => held.told.has('say-done'), { seconds: 15 })
    expect(await logsOf(cluster, pod)).not.toContain('heard')
    await yard.start()
    await until('the trainer to be heard', async () => (await logsOf(cluster, pod)).includes('heard: true'), {
      seconds: 40,
    })
  })

  it('after done, while its pod and its Job end: the outcome and the evidence are recorded', async () => {
    await kill()
    held.let('exit')
    const ended = async () => endOf((await jobOf()) as Job)?.type === 'Complete'
    await until('the Job to complete', ended, { seconds: 60 })
    await yard.start()
    run = await yard.untilRun('killed', 'to succeed', hasSucceeded, 60)
    run = await yard.untilRun('killed', 'to have evidence', ({ attempts }) => attempts[0]?.evidence, 30)
    expect(run).toMatchObject({ attempt: 1, retry_count: 0, final_metrics: { accuracy: 0.9 } })
    expect(run.attempts[0]?.evidence).toMatchObject({ exit_code: 0, unobtainable: [] })
  })

  it('before the retirement, and again at its commit: it is retired by one commit, its Job and its lease go', async () => {
    await kill()
    await yard.start()
    const manifest = `jobs/${run.attempts[0]?.job_name}.yaml`
    const isGone = async () => (await yard.deploy.paths()).every((path) => !path.endsWith(manifest))
    await until('the retirement to be committed', isGone, { seconds: 60, everyMilliseconds: 20 })
    await kill()
    await yard.start()
    run = await yard.untilRun('killed', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 90)
    expect(await jobOf()).toBeUndefined()
    const lease = resource('v1', 'secrets', yard.namespace, leaseSecretName(run.id, 1))
    expect(await cluster.kubernetes.get(lease)).toBeUndefined()
  })

  it('has done nothing twice: one start, one lease, one retirement, no commit again', async () => {
    const starts = expectOneTrainerPerAttempt(cluster, yard).filter(({ labels }) => labels['job-id'] === run.id)
    expect(starts).toHaveLength(1)
    const reasons = (await yard.eventsOf(run)).map(({ reason }) => reason)
    for (const reason of ['Committed', 'LeaseGranted', 'AttemptRetired'])
      expect(reasons.filter((one) => one === reason)).toEqual([reason])
    const subjects = await subjectsOf(yard, 'killed')
    expect(subjects).toEqual([...new Set(subjects)])
  })

  it('at any moment, again and again, while three train: all three end well in their first attempt', async () => {
    const { environment } = yard
    const names = ['storm-a', 'storm-b', 'storm-c']
    await yard.merge(
      Object.fromEntries(
        names.map((name) => [`${name}.yaml`, trainingSpec(cluster, { environment, name, epochs: 12 })]),
      ),
    )
    for (let kills = 0; kills < 8; kills += 1) {
      await Promise.race([yard.service()?.ended, new Promise((resolve) => setTimeout(resolve, Math.random() * 2500))])
      await kill()
      await yard.start()
    }
    for (const name of names) {
      const ended = await yard.untilRun(name, 'to succeed', hasSucceeded, 120)
      expect(ended).toMatchObject({ attempt: 1, retry_count: 0, disruption_count: 0 })
      expect(trainerStarts(cluster, yard).filter(({ labels }) => labels['job-id'] === ended.id)).toHaveLength(1)
      const subjects = await subjectsOf(yard, name)
      expect(subjects).toEqual([...new Set(subjects)])
    }
  })
})

/** Subjects of the commits of the deploy repository that are about a training, oldest first. */
async function subjectsOf({ deploy }: Yard, name: string): Promise<readonly string[]> {
  const text = await runCommand('git', ['-C', deploy.folder, 'log', '--reverse', '--format=%s%x09%b%x00', 'main'])
  const own = text.split('\0').filter((message) => message.includes(`/language/${name}\n`))
  return own.map((message) => message.split('\t')[0]?.trim() ?? '')
}
