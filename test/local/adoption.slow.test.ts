import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { endLeftovers } from '../../local/leftovers.ts'
import { claimPod, readClaim, readProgress } from '../../local/process/pod-files.ts'
import {
  cleanUp,
  ended,
  eventually,
  handMadeDeploy,
  hostCluster,
  keeperProgram,
  killHard,
  livesNow,
  newFolder,
  openTestCluster,
} from '../support/local.ts'
import { jobFiles } from '../support/local-manifests.ts'

const storage = { volumes: [{ name: 's', hostPath: { path: 's' } }], volumeMounts: [{ name: 's', mountPath: 's' }] }

/** A trainer that says where it is and ends with the exit code that it is told. */
const obedient = `
  const fs = require('node:fs')
  fs.appendFileSync('s/starts', process.pid + '\\n')
  setInterval(() => { if (fs.existsSync('s/end')) process.exit(Number(fs.readFileSync('s/end', 'utf8'))) }, 20)`

function starts(folder: string): readonly number[] {
  try {
    return readFileSync(join(folder, 's', 'starts'), 'utf8')
      .trim()
      .split('\n')
      .map(Number)
  } catch {
    return []
  }
}

describe('a cluster whose process is killed', () => {
  it('its trainer goes on, and the next cluster sees how it ends', async () => {
    const folder = newFolder()
    const files = jobFiles({ script: obedient, ...storage })
    const host = await hostCluster(folder, files)
    await eventually('the trainer', () => starts(folder).length === 1)
    await killHard(host)
    const next = openTestCluster(handMadeDeploy(files), folder)
    expect(await next.pods()).toMatchObject([{ phase: 'Running' }])
    await next.cluster.start()
    writeFileSync(join(folder, 's', 'end'), '7')
    expect(await ended(next)).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded', job: { failed: 1 } })
    expect(await next.pods()).toMatchObject([{ containers: [{ exitCode: 7 }] }])
    expect(starts(folder)).toHaveLength(1)
  })

  it('a trainer that ended meanwhile is found with its exit code', async () => {
    const folder = newFolder()
    const files = jobFiles({ script: obedient, ...storage })
    const host = await hostCluster(folder, files)
    await eventually('the trainer', () => starts(folder).length === 1)
    await killHard(host)
    writeFileSync(join(folder, 's', 'end'), '0')
    await eventually('the trainer to end', () => !livesNow(starts(folder)[0] ?? 0))
    const next = openTestCluster(handMadeDeploy(files), folder)
    await next.cluster.start()
    expect(await ended(next)).toMatchObject({ type: 'Complete', job: { succeeded: 1 } })
    expect(starts(folder)).toHaveLength(1)
  })

  it('killed between making a pod and starting its keeper, the next cluster starts that pod', async () => {
    const folder = newFolder()
    const files = jobFiles({ script: obedient, ...storage })
    // A keeper that never takes its pod is one that was never started.
    const first = openTestCluster(handMadeDeploy(files), folder)
    await first.cluster.start()
    await eventually('the trainer', () => starts(folder).length === 1)
    const [pod] = await first.pods()
    const podFolder = join(first.stateFolder, 'pods', pod?.uid ?? '')
    // A trainer may have begun before its keeper has written down which process it is.
    await eventually('its keeper to say so', () => readProgress(podFolder)?.running !== undefined)
    await first.cluster.stop('leave')
    const claim = readClaim(podFolder)
    const running = readProgress(podFolder)?.running
    if (!claim || !('keeper' in claim) || !running) throw new Error('the pod does not run')
    process.kill(claim.keeper.pid, 'SIGKILL')
    process.kill(-running.pid, 'SIGKILL')
    await eventually('the processes to end', () => !livesNow(claim.keeper.pid) && !livesNow(running.pid))
    for (const name of ['keeper.json', 'process.json', 'launch.json']) rmSync(join(podFolder, name))
    writeFileSync(join(folder, 's', 'end'), '0')
    const next = openTestCluster(handMadeDeploy(files), folder)
    await next.cluster.start()
    expect(await ended(next)).toMatchObject({ type: 'Complete' })
    expect(await next.pods()).toMatchObject([{ uid: pod?.uid, phase: 'Succeeded' }])
  })

  it('when keeper and trainer are killed too, the same Job gets another pod and the lost one is a disruption', async () => {
    const folder = newFolder()
    const files = jobFiles({ script: obedient, ...storage })
    const test = openTestCluster(handMadeDeploy(files), folder)
    await test.cluster.start()
    await eventually('the trainer', () => starts(folder).length === 1)
    const [pod] = await test.pods()
    const podFolder = join(test.stateFolder, 'pods', pod?.uid ?? '')
    const claim = readClaim(podFolder)
    if (claim && 'keeper' in claim) process.kill(claim.keeper.pid, 'SIGKILL')
    // The trainer outlives its keeper, and is no reason for a second one.
    await eventually('the keeper to end', () => claim && 'keeper' in claim && !livesNow(claim.keeper.pid))
    await eventually('the pod to run', async () => (await test.pods())[0]?.phase === 'Running')
    expect(starts(folder).map(livesNow)).toEqual([true])
    process.kill(starts(folder)[0] ?? 0, 'SIGKILL')
    await eventually('another trainer', () => starts(folder).length === 2)
    writeFileSync(join(folder, 's', 'end'), '0')
    const end = await ended(test)
    expect(end).toMatchObject({ type: 'Complete', job: { succeeded: 1, failed: 0 } })
    const lost = (await test.pods()).find((one) => one.uid === pod?.uid)
    expect(lost).toMatchObject({
      phase: 'Failed',
      reason: 'NodeLost',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
      ]),
      containers: [{ state: 'terminated', reason: 'ContainerStatusUnknown', exitCode: null }],
    })
  })

  it('killed again and again, at any moment, it never has two trainers at once and never a second run of one that ended', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 's'))
    // The trainer fails the test by itself when another one lives.
    const script = `
      const fs = require('node:fs')
      try { fs.mkdirSync('s/alone') } catch { fs.writeFileSync('s/two', '') }
      fs.appendFileSync('s/starts', process.pid + '\\n')
      setInterval(() => { if (fs.existsSync('s/end')) { fs.rmdirSync('s/alone'); process.exit(0) } }, 10)`
    const files = jobFiles({ script, ...storage })
    for (const milliseconds of [0, 5, 20, 45, 80, 130]) {
      const host = await hostCluster(folder, files)
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
      await killHard(host)
    }
    const last = openTestCluster(handMadeDeploy(files), folder)
    await last.cluster.start()
    await eventually('the trainer', () => starts(folder).length > 0)
    writeFileSync(join(folder, 's', 'end'), '')
    expect(await ended(last)).toMatchObject({ type: 'Complete' })
    expect(starts(folder)).toHaveLength(1)
    expect(await last.pods()).toHaveLength(1)
  })
})

describe('what a killed cluster left running', () => {
  it('is ended when its folder is to be taken away, and a keeper that was on its way never begins', async () => {
    const folder = newFolder()
    const script = `process.on('SIGTERM', () => {}); ${obedient}`
    const host = await hostCluster(folder, jobFiles({ script, ...storage }, { name: 'waits', leased: true }))
    await eventually('the trainer', () => starts(folder).length === 1)
    const pods = join(folder, 'state', 'pods')
    await eventually('both pods', () => readdirSync(pods).length === 2)
    await killHard(host)
    await endLeftovers(join(folder, 'state'), 0.2)
    expect(starts(folder).map(livesNow)).toEqual([false])
    for (const pod of readdirSync(pods)) expect(claimPod(join(pods, pod), { sealed: true })).toBe(false)
    await endLeftovers(join(folder, 'nothing'))
  })
})

describe('the keeper of a pod', () => {
  it('does nothing for a pod that another one keeps', async () => {
    const folder = newFolder()
    const out = join(folder, 'out')
    const launch = {
      containers: [
        {
          name: 'main',
          command: ['/bin/sh', '-c', `echo run >> ${out}; sleep 0.2`],
          environment: { PATH: '/usr/bin:/bin' },
          workingFolder: folder,
          log: join(folder, 'log'),
        },
      ],
      graceSeconds: 1,
      deadlineAt: null,
      endWithOwner: false,
    }
    writeFileSync(join(folder, 'launch.json'), JSON.stringify(launch))
    const [node = '', ...words] = keeperProgram()
    const ends = await Promise.all(
      Array.from({ length: 6 }, () => {
        const keeper = spawn(node, [...words, folder], { stdio: 'ignore' })
        cleanUp(async () => void keeper.kill('SIGKILL'))
        return new Promise((resolve) => keeper.once('exit', resolve))
      }),
    )
    expect(ends).toEqual([0, 0, 0, 0, 0, 0])
    expect(readFileSync(out, 'utf8')).toBe('run\n')
    expect(JSON.parse(readFileSync(join(folder, 'exit.json'), 'utf8'))).toMatchObject({
      stoppedBy: null,
      ended: [{ exitCode: 0 }],
    })
  })
})
