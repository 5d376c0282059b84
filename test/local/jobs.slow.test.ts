import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ended, eventually, grant, handMadeDeploy, livesNow, openTestCluster } from '../support/local.ts'
import { jobFiles, leaseSecret } from '../support/local-manifests.ts'

describe('a Job on the local cluster', () => {
  it('a trainer that exits 0 completes its Job, and its output can be read', async () => {
    const test = openTestCluster(handMadeDeploy(jobFiles({ script: "console.log('one'); console.error('two')" })))
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({
      type: 'Complete',
      reason: 'CompletionsReached',
      job: { succeeded: 1, failed: 0, active: 0, runId: expect.any(String), attempt: 1 },
    })
    const [pod] = await test.pods()
    expect(pod).toMatchObject({
      phase: 'Succeeded',
      containers: [{ name: 'trainer', state: 'terminated', reason: 'Completed', exitCode: 0 }],
    })
    expect(pod && (await test.cluster.logTail(pod, 10))).toEqual(['one', 'two'])
    expect(pod && (await test.cluster.logTail(pod, 1))).toEqual(['two'])
  })

  it('a trainer that exits 3 fails its Job, and the end of its log is the message of its container', async () => {
    const test = openTestCluster(handMadeDeploy(jobFiles({ script: "console.log('no data'); process.exit(3)" })))
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded', job: { failed: 1 } })
    expect((await test.pods())[0]).toMatchObject({
      phase: 'Failed',
      containers: [{ reason: 'Error', exitCode: 3, signal: null, message: 'no data' }],
    })
  })

  it('a trainer that a signal kills has 128 and the signal as its exit code', async () => {
    const test = openTestCluster(handMadeDeploy(jobFiles({ script: "process.kill(process.pid, 'SIGKILL')" })))
    await test.cluster.start()
    await ended(test)
    expect((await test.pods())[0]?.containers[0]).toMatchObject({ exitCode: 137, signal: 'SIGKILL', reason: 'Error' })
  })

  it('a program that is not on this machine is a StartError that names it', async () => {
    const test = openTestCluster(handMadeDeploy(jobFiles({ command: ['no-such-program'] })))
    await test.cluster.start()
    await ended(test)
    expect((await test.pods())[0]?.containers[0]).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message: expect.stringContaining('"no-such-program" was not found'),
    })
  })

  it('a log that becomes too long is cut, and its last lines are still read', async () => {
    const script = `
      const { existsSync, statSync } = require('node:fs')
      const log = process.env.HOME + '/../logs/trainer.log'
      process.stdout.write(('x'.repeat(99) + '\\n').repeat(11 * 1024 * 11))
      setInterval(() => { if (existsSync(log + '.1') && statSync(log).size < 1000) { console.log('last'); process.exit(0) } }, 20)`
    const test = openTestCluster(handMadeDeploy(jobFiles({ script })))
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({ type: 'Complete' })
    const [pod] = await test.pods()
    expect(statSync(join(test.stateFolder, 'pods', pod?.uid ?? '', 'logs', 'trainer.log')).size).toBeLessThan(1000)
    expect(pod && (await test.cluster.logTail(pod, 2))).toEqual(['x'.repeat(99), 'last'])
  })

  it('the deadline of the Job ends a trainer that would go on', async () => {
    const test = openTestCluster(
      handMadeDeploy(jobFiles({ deadlineSeconds: 1, graceSeconds: 1, script: 'setInterval(() => {}, 1000)' })),
    )
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({ type: 'Failed', reason: 'DeadlineExceeded' })
    expect((await test.pods())[0]?.phase).toBe('Failed')
  })

  it('the trainer has the variables of the manifest and of its image, and no other', async () => {
    const env = [
      { name: 'EPOCHS', value: '30' },
      { name: 'WHERE', value: '$(EPOCHS)/$(NOWHERE)/$$(EPOCHS)' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]
    const test = openTestCluster(handMadeDeploy(jobFiles({ env, command: ['env'] })))
    await test.cluster.start()
    await ended(test)
    const [pod] = await test.pods()
    const lines = pod ? await test.cluster.logTail(pod, 100) : []
    const folder = join(test.stateFolder, 'pods', pod?.uid ?? '')
    const expected = [
      'BACKEND_BASE_URL=http://127.0.0.1:1',
      // A quarter of the Job's ten minutes, which have begun.
      expect.stringMatching(/^CALLBACK_DONE_SECONDS=1[45]\d$/),
      'EPOCHS=30',
      `HOME=${folder}/home`,
      `PATH=${join(process.execPath, '..')}:/usr/bin:/bin`,
      `POD=${pod?.name}`,
      `TMPDIR=${folder}/tmp`,
      'WHERE=30/$(NOWHERE)/$(EPOCHS)',
    ]
    expect(lines.filter((line) => !line.startsWith('__CF_')).sort()).toEqual(expected)
  })

  it('the image folder and the volumes are in the working folder', async () => {
    const volumes = [
      { name: 'storage', hostPath: { path: 'kept/storage' } },
      { name: 'data', hostPath: { path: 'data' } },
    ]
    const volumeMounts = [
      { name: 'storage', mountPath: 'storage' },
      { name: 'data', mountPath: '/assets/data', readOnly: true },
    ]
    const command = ['node', 'train.mjs', '$(WORD)']
    const test = openTestCluster(
      handMadeDeploy(
        jobFiles({ imageFolder: 'image', command, volumes, volumeMounts, env: [{ name: 'WORD', value: 'written' }] }),
      ),
    )
    mkdirSync(join(test.root, 'image', 'assets'), { recursive: true })
    mkdirSync(join(test.root, 'data'))
    writeFileSync(join(test.root, 'data', 'text'), 'from data')
    writeFileSync(join(test.root, 'image', 'assets', 'own'), 'from image')
    writeFileSync(
      join(test.root, 'image', 'train.mjs'),
      "import { readFileSync as r, writeFileSync as w } from 'node:fs'\nw('storage/out', process.argv[2]); console.log(r('assets/own', 'utf8'), r('assets/data/text', 'utf8'))",
    )
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({ type: 'Complete' })
    const [pod] = await test.pods()
    expect(pod && (await test.cluster.logTail(pod, 1))).toEqual(['from image from data'])
    expect(readFileSync(join(test.root, 'kept/storage/out'), 'utf8')).toBe('written')
    expect(readdirSync(join(test.root, 'image', 'assets'))).toEqual(['own'])
    expect(pod?.containers[0]?.imageDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it.each([
    [
      'an image folder that is not there',
      { imageFolder: 'nowhere' },
      'ErrImagePull',
      'the image folder "nowhere" does not exist',
    ],
    [
      'an image folder outside the repository',
      { imageFolder: '../..' },
      'CreateContainerConfigError',
      'leads out of the spec repository',
    ],
    [
      'a dataset that is not there',
      {
        volumes: [{ name: 'd', hostPath: { path: 'data' } }],
        volumeMounts: [{ name: 'd', mountPath: 'd', readOnly: true }],
      },
      'CreateContainerConfigError',
      'hostPath "data" of volume d does not exist',
    ],
    ['no command', { command: [] }, 'CreateContainerConfigError', 'names no command'],
  ])('%s lets the pod wait and says so', async (_what, wishes, reason, message) => {
    const test = openTestCluster(handMadeDeploy(jobFiles(wishes)))
    await test.cluster.start()
    const container = await eventually('the reason', async () =>
      (await test.pods())[0]?.containers.find((one) => one.reason === reason),
    )
    expect(container).toMatchObject({ state: 'waiting', message: expect.stringContaining(message) })
  })
})

describe('the lease', () => {
  const env = [
    { name: 'CALLBACK_TOKEN', valueFrom: { secretKeyRef: { name: leaseSecret(), key: 'token' } } },
    { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'absent', key: 'x', optional: true } } },
  ]
  const volumes = [
    { name: 'token', secret: { secretName: leaseSecret(), optional: true, items: [{ key: 'token', path: 'token' }] } },
  ]
  const volumeMounts = [{ name: 'token', mountPath: 'secrets/callback', readOnly: true }]

  it('a trainer waits for its lease, starts by itself when it is granted, and sees a rotated token in its file', async () => {
    const script = `
      const { readFileSync } = require('node:fs')
      console.log(process.env.CALLBACK_TOKEN, 'ABSENT' in process.env)
      setInterval(() => { if (readFileSync('secrets/callback/token', 'utf8') === 'second') process.exit(0) }, 20)`
    const test = openTestCluster(handMadeDeploy(jobFiles({ leased: true, script, env, volumes, volumeMounts })))
    await test.cluster.start()
    const waiting = await eventually('the pod to wait', async () =>
      (await test.pods()).find((pod) => pod.containers[0]?.reason === 'CreateContainerConfigError'),
    )
    expect(waiting).toMatchObject({
      phase: 'Pending',
      containers: [
        { name: 'lease', message: `secret "${leaseSecret()}" not found` },
        { name: 'trainer', state: 'waiting' },
      ],
    })
    const job = await test.job()
    await grant(test, job?.uid ?? '', 'first')
    await eventually('the trainer to run', async () => (await test.pods())[0]?.phase === 'Running')
    expect((await test.cluster.view('dev')).leases).toMatchObject([{ attempt: 1, jobUid: job?.uid }])
    const pod = (await test.pods())[0]
    const file = join(test.stateFolder, 'pods', pod?.uid ?? '', 'secrets', 'token', 'token')
    expect(readFileSync(file, 'utf8')).toBe('first')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(test.stateFolder, 'secrets', 'ml', `${leaseSecret()}.json`)).mode & 0o777).toBe(0o600)
    const lease = {
      namespace: 'ml',
      runId: (await test.job())?.runId ?? '',
      attempt: 1,
      jobUid: job?.uid ?? '',
      token: 'second',
      tokenExpiresAt: new Date(),
    }
    await test.cluster.rotateToken({ ...lease, jobUid: 'another', token: 'third' })
    await test.cluster.rotateToken(lease)
    expect(await ended(test)).toMatchObject({ type: 'Complete' })
    expect(pod && (await test.cluster.logTail(pod, 1))).toEqual(['first false'])
    await test.cluster.removeLease(lease)
    expect((await test.cluster.view('dev')).leases).toEqual([])
  })

  it('a Job that was deleted by hand is made again, and never trains on the lease of the first', async () => {
    const test = openTestCluster(
      handMadeDeploy(
        jobFiles({ leased: true, graceSeconds: 1, script: "console.log('trains'); setInterval(() => {}, 1000)" }),
      ),
    )
    await test.cluster.start()
    const first = await eventually('the Job', () => test.job())
    await grant(test, first.uid)
    const trainer = await eventually('the trainer', async () =>
      (await test.pods()).find((pod) => pod.phase === 'Running'),
    )
    await eventually('its first word', async () => (await test.cluster.logTail(trainer, 1)).length > 0)
    expect(await test.cluster.deleteJob('ml', 'train')).toBe(true)
    expect((await test.job())?.deletionRequestedAt).toBeInstanceOf(Date)
    const second = await eventually('another Job', async () => {
      const job = await test.job()
      return job && job.uid !== first.uid && job
    })
    await grant(test, second.uid)
    expect((await test.cluster.view('dev')).leases).toMatchObject([{ jobUid: first.uid }])
    expect(await ended(test)).toMatchObject({
      type: 'Failed',
      reason: 'PodFailurePolicy',
      message: expect.stringContaining('lease failed with exit code 75'),
      job: { uid: second.uid },
    })
    expect((await test.pods())[0]?.containers).toMatchObject([
      { exitCode: 75, message: `not the lease of ${second.uid}` },
      { state: 'waiting' },
    ])
    expect(await test.cluster.logTail(trainer, 5)).toEqual(['trains'])
  })
})

describe('the end of a Job from outside', () => {
  it('a Job whose manifest is gone is taken away with all its processes, also one that ignores TERM', async () => {
    const script = `
      process.on('SIGTERM', () => console.log('ignored'))
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"])
      const stray = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
      console.log(process.pid, child.pid, stray.pid)
      setInterval(() => {}, 1000)`
    const deploy = handMadeDeploy(jobFiles({ graceSeconds: 1, script }))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const line = await eventually('the processes', async () => {
      const [pod] = await test.pods()
      return pod && (await test.cluster.logTail(pod, 1))[0]
    })
    const pids = line.split(' ').map(Number)
    expect(pids.map(livesNow)).toEqual([true, true, true])
    const [pod] = await test.pods()
    const commit = deploy.set(jobFiles())
    const job = await eventually(
      'the deletion',
      async () => (await test.job())?.deletionRequestedAt && (await test.job()),
    )
    expect(job).toMatchObject({ deletionRequestedAt: expect.any(Date) })
    expect((await test.pods())[0]).toMatchObject({ phase: 'Running' })
    expect(test.cluster.behind(commit)).toEqual([expect.stringContaining('Job train is being pruned')])
    await eventually('the Job to be gone', async () => (await test.job()) === undefined)
    await eventually('the sync to end', () => test.cluster.behind(commit).length === 0)
    // On macOS a process that leaves its group is not found again.
    expect(pids.slice(0, process.platform === 'linux' ? 3 : 2).some(livesNow)).toBe(false)
    expect(await test.pods()).toEqual([])
    expect(pod && (await test.cluster.logTail(pod, 5))).toContain('ignored')
    expect(readdirSync(join(test.stateFolder, 'pods'))).toEqual([])
  })

  it('a trainer that ends leaves nothing behind', async () => {
    const script = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
      console.log(child.pid)
      child.unref()`
    const test = openTestCluster(handMadeDeploy(jobFiles({ script })))
    await test.cluster.start()
    expect(await ended(test)).toMatchObject({ type: 'Complete' })
    const [pod] = await test.pods()
    const [pid = ''] = pod ? await test.cluster.logTail(pod, 1) : []
    expect(livesNow(Number(pid))).toBe(false)
  })

  it('an orderly stop is a disruption: the same Job gets another pod at the next start', async () => {
    const deploy = handMadeDeploy(
      jobFiles({
        script:
          "const { existsSync: e, writeFileSync: w } = require('node:fs'); if (e('s/seen')) process.exit(0); w('s/seen', ''); setInterval(() => {}, 1000)",
        volumes: [{ name: 's', hostPath: { path: 's' } }],
        volumeMounts: [{ name: 's', mountPath: 's' }],
      }),
    )
    const test = openTestCluster(deploy)
    await test.cluster.start()
    await eventually(
      'the trainer',
      async () => (await test.pods())[0]?.phase === 'Running' && readdirSync(join(test.root, 's')).length > 0,
    )
    const before = await test.job()
    await test.cluster.stop('orderly')
    expect(await test.pods()).toMatchObject([
      {
        phase: 'Failed',
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
        ]),
      },
    ])
    expect(await test.job()).toMatchObject({ uid: before?.uid, conditions: [], failed: 0, active: 0 })
    const next = openTestCluster(deploy, test.root)
    await next.cluster.start()
    expect(await ended(next)).toMatchObject({ type: 'Complete', job: { uid: before?.uid, succeeded: 1, failed: 0 } })
    expect(await next.pods()).toHaveLength(2)
  })

  it('a trainer that was told to end and exits 0 has not succeeded', async () => {
    const test = openTestCluster(
      handMadeDeploy(
        jobFiles({
          script: "process.on('SIGTERM', () => process.exit(0)); console.log('up'); setInterval(() => {}, 1000)",
        }),
      ),
    )
    await test.cluster.start()
    await eventually('the trainer', async () => {
      const [pod] = await test.pods()
      return pod && (await test.cluster.logTail(pod, 1)).length > 0
    })
    await test.cluster.stop('orderly')
    expect(await test.pods()).toMatchObject([
      {
        phase: 'Failed',
        containers: [{ exitCode: 0 }],
        conditions: expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget' })]),
      },
    ])
  })

  it('a pod that waits is no disruption at an orderly stop', async () => {
    const deploy = handMadeDeploy(jobFiles({ leased: true, script: '' }))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const pod = await eventually('the pod', async () =>
      (await test.pods()).find((one) => one.containers[0]?.reason === 'CreateContainerConfigError'),
    )
    await test.cluster.stop('orderly')
    const next = openTestCluster(deploy, test.root)
    await next.cluster.start()
    await grant(next, (await next.job())?.uid ?? '')
    expect(await ended(next)).toMatchObject({ type: 'Complete' })
    expect(await next.pods()).toMatchObject([{ uid: pod.uid }])
  })
})
