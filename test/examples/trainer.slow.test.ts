import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CallbackServer,
  type ReceivedCallback,
  startCallbackServer,
  type Started,
  startProgram,
  trainingConfig,
  workingFolder,
} from '../support/trainer.ts'

let folder: ReturnType<typeof workingFolder>
let server: CallbackServer
const started: Started[] = []
beforeEach(async () => {
  folder = workingFolder()
  server = await startCallbackServer()
})
afterEach(async () => {
  for (const one of started.splice(0)) one.kill('SIGKILL')
  await server.close()
  folder.remove()
})

/** The environment of an attempt, as a Job gives it. */
function environment(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    JOB_ID: '0c6d5a52-6f5c-5ac5-9d5c-0a4c8b1d2e3f',
    TRACE_ID: '7cb512a7-4400-5449-a3ec-e847750b0fd3',
    ATTEMPT: '1',
    POD_UID: 'pod-1',
    BACKEND_BASE_URL: server.url,
    CALLBACK_TOKEN: 'token-1',
    DATASET_URI: 'dataset',
    STORAGE_TYPE: 'local',
    STORAGE_PATH: 'storage',
    OUTPUT_MODEL: 'easy-lm',
    TRAINING_CONFIG: trainingConfig({}),
    ...more,
  }
}

const of = (kind: string): readonly ReceivedCallback[] => server.received.filter((one) => one.kind === kind)
const train = (more: Readonly<Record<string, string>> = {}, words: readonly string[] = []): Started => {
  const one = startProgram(folder.path, ['train.mjs', ...words], environment(more))
  started.push(one)
  return one
}
/** A training that does not end by itself within a test. */
const endless = { TRAINING_CONFIG: trainingConfig({ epochs: 100_000, scheduler: { type: 'constant' } }) }

describe('the trainer as a process', () => {
  it('says how it goes and how it ended, each message counted from 1, and leaves a model of the digest that it names', async () => {
    const { code, stdout, stderr } = await train().ended
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(
      stdout
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('[TRACE:7cb512a7-4400-5449-a3ec-e847750b0fd3] ')),
    ).toEqual([])
    for (const kind of ['heartbeat', 'event', 'done']) {
      expect(of(kind).map((one) => one.body['sequence'])).toEqual(of(kind).map((_, index) => index + 1))
    }
    const senders = server.received.map(({ jobId, token, body }) => ({
      jobId,
      token,
      pod: body['pod_uid'],
      trace: body['trace_id'],
    }))
    expect(new Set(senders.map((sender) => JSON.stringify(sender))).size).toBe(1)
    expect(senders[0]).toEqual({
      jobId: environment()['JOB_ID'],
      token: 'token-1',
      pod: 'pod-1',
      trace: environment()['TRACE_ID'],
    })

    const steps = of('heartbeat').map((one) => Number(one.body['step']))
    expect(steps).toEqual([...steps].sort((left, right) => left - right))
    const last = of('heartbeat').at(-1)?.body ?? {}
    expect(last).toMatchObject({ epoch: 4, total_epochs: 4, step: 500 })
    for (const name of ['val_loss', 'val_accuracy', 'memory_usage_gb']) expect(last[name]).toBeGreaterThan(0)

    expect(of('event').map((one) => `${String(one.body['type'])} ${String(one.body['epoch'])}`)).toEqual(
      [1, 2, 3, 4].flatMap((epoch) => [`epoch_end ${epoch}`, `checkpoint ${epoch}`]),
    )
    const [done] = of('done')
    expect(done?.body).toMatchObject({ outcome: 'SUCCEEDED', mlflow_run_id: null })
    const metrics = done?.body['metrics'] as Record<string, number>
    expect(metrics['test_perplexity']).toBeLessThan((metrics['baseline_perplexity'] ?? 0) / 2)
    const [artifact] = (done?.body['artifacts'] ?? []) as {
      name: string
      uri: string
      size_bytes: number
      digest: string
    }[]
    const bytes = readFileSync(join(folder.path, artifact?.uri ?? ''))
    const digest = createHash('sha256').update(bytes).digest('hex')
    expect(artifact).toEqual({
      name: 'model',
      uri: `storage/models/easy-lm/${digest.slice(0, 12)}/model.bin`,
      size_bytes: bytes.length,
      digest: `sha256:${digest}`,
    })
  })

  it('trains all the same when nobody answers where it reports', async () => {
    await server.close()
    const { code, stdout } = await train({ CALLBACK_DONE_SECONDS: '1' }).ended
    expect(code).toBe(0)
    expect(stdout).toContain('test_perplexity')
    expect(stdout).toContain('callback done was not taken')
    server = await startCallbackServer()
  })

  it('trains all the same when it is not told where to report', async () => {
    const { code, stdout } = await train({ BACKEND_BASE_URL: '' }).ended
    expect(code).toBe(0)
    expect(stdout).toContain('test_perplexity')
    expect(server.received).toEqual([])
  })

  it('the fault switch ends the first attempt with exit code 17, and the second goes on from its checkpoint to the same model', async () => {
    const words = ['--fail-at-epoch', '2', '--fail-on-attempt', '1']
    const first = await train({}, words).ended
    expect(first.code).toBe(17)
    expect(first.stdout).toContain('--fail-at-epoch 2')
    expect(of('done')).toEqual([])
    const checkpoint = of('event').findLast((one) => one.body['type'] === 'checkpoint')?.body['uri']
    expect(checkpoint).toBe(`storage/checkpoints/job-${environment()['JOB_ID']}/epoch-2.bin`)

    const second = await train({ ATTEMPT: '2', POD_UID: 'pod-2', CHECKPOINT_URI: String(checkpoint) }, words).ended
    expect(second.code).toBe(0)
    expect(second.stdout).toContain(`attempt 2 goes on from checkpoint ${String(checkpoint)}: 2 of 4 epochs, step 250`)
    expect(second.stdout).not.toContain('epoch 2/4')
    const resumed = of('done')[0]?.body['artifacts']

    await train({ JOB_ID: 'another', POD_UID: 'pod-3' }).ended
    expect(of('done')[1]?.body['artifacts']).toEqual(resumed)
  })

  it('goes on from the checkpoint it is told of when it has none of its own', async () => {
    await train({}, ['--fail-at-epoch', '3']).ended
    const checkpoint = `storage/checkpoints/job-${environment()['JOB_ID']}/epoch-3.bin`
    const { code, stdout } = await train({ JOB_ID: 'moved', CHECKPOINT_URI: checkpoint }).ended
    expect(code).toBe(0)
    expect(stdout).toContain(`goes on from checkpoint ${checkpoint}`)
  })

  it('a request to stop is answered by a checkpoint and exit code 143, and the next pod goes on from there', async () => {
    const first = train(endless)
    await first.seen(/epoch 2\/100000/)
    first.kill('SIGTERM')
    const { code, stdout } = await first.ended
    expect(code).toBe(143)
    const written = /checkpoint (\S+)\n[^\n]*asked to stop/.exec(stdout)?.[1] ?? ''
    expect(existsSync(join(folder.path, written))).toBe(true)
    const next = train({ ...endless, POD_UID: 'pod-2' })
    await next.seen(new RegExp(`goes on from checkpoint ${written}`))
    next.kill('SIGKILL')
    await next.ended
  })

  it('killed at any moment it leaves no half of a checkpoint that the next pod would trip over', async () => {
    const first = train(endless)
    await first.seen(/epoch 3\//)
    first.kill('SIGKILL')
    await first.ended
    const next = train(endless)
    const [, epochs] = await next.seen(/goes on from checkpoint \S+: (\d+) of/)
    expect(Number(epochs)).toBeGreaterThanOrEqual(2)
    next.kill('SIGKILL')
    await next.ended
  })

  it('data of another digest than the spec says is refused before anything is learned', async () => {
    const { code, stderr } = await train({ DATASET_DIGEST: `sha256:${'0'.repeat(64)}` }).ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/digest is sha256:[0-9a-f]{64}, not sha256:0/)
    expect(readdirSync(join(folder.path, 'storage'))).toEqual([])
  })

  it('a learning rate that breaks the numbers ends as FAILED, with the reason', async () => {
    const { code } = await train({
      TRAINING_CONFIG: trainingConfig({ learningRate: 1e38, scheduler: { type: 'constant' } }),
    }).ended
    expect(code).toBe(1)
    expect(of('done').map((one) => one.body)).toMatchObject([{ outcome: 'FAILED', artifacts: [] }])
  })
})
