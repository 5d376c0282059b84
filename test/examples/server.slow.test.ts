import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../examples/handbook/trainer/model-file.mjs'
import { type Started, startProgram, trainingConfig, workingFolder } from '../support/trainer.ts'

let folder: ReturnType<typeof workingFolder>
let modelUri = ''
let digest = ''
let running: Started | undefined
beforeAll(async () => {
  folder = workingFolder()
  const { stdout } = await startProgram(folder.path, ['train.mjs'], { TRAINING_CONFIG: trainingConfig({ epochs: 2 }) })
    .ended
  const written = /model (\S+) of \d+ bytes, (sha256:[0-9a-f]{64})/.exec(stdout)
  modelUri = written?.[1] ?? ''
  digest = written?.[2] ?? ''
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await running?.ended
  running = undefined
})
afterAll(() => folder.remove())

/** Starts the server as an endpoint does; the address ends with its route. */
async function serve(more: Readonly<Record<string, string>> = {}): Promise<string> {
  running = startProgram(folder.path, ['serve.mjs'], environment(more))
  const [, address = ''] = await running.seen(/answers on (http:\S+)/)
  return address
}

function environment(more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const model = { MODEL_URI: modelUri, MODEL_DIGEST: digest, MODEL_NAME: 'easy-lm', MODEL_VERSION: '4' }
  return { ...model, PORT: '0', HOST: '127.0.0.1', ROUTE: '/easy', MAX_OUTPUT_TOKENS: '200', ...more }
}

async function generate(address: string, body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(`${address}/generate`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

describe('the server as a process', () => {
  it('writes text with the version that it was given, and the same text for the same seed', async () => {
    const address = await serve()
    const ask = { prompt: 'The run ', max_tokens: 50, temperature: 0.7, seed: 3 }
    const first = await generate(address, ask)
    expect(first).toMatchObject({ status: 200, answer: { model: 'easy-lm', version: '4', digest, seed: 3 } })
    expect([...String(first.answer['text'])]).toHaveLength(50)
    expect(await generate(address, ask)).toEqual(first)
  })

  it('what it learned shows: the likeliest text is made of words that it has read', async () => {
    const { answer } = await generate(await serve(), { prompt: 'The run ', max_tokens: 80, temperature: 0 })
    expect(String(answer['text'])).toMatch(/^(writes|reads|keeps|serves|waits for) \w+ \w+/)
  })

  it('every path answers with and without the route', async () => {
    const address = await serve()
    const origin = new URL(address).origin
    for (const base of [address, origin]) {
      for (const path of ['', '/', '/healthz', '/readyz', '/metrics'])
        expect((await fetch(base + path)).status).toBe(200)
      expect((await generate(base, { prompt: 'x', max_tokens: 1 })).status).toBe(200)
    }
    expect((await fetch(`${origin}/easyx/healthz`)).status).toBe(404)
  })

  it.each([
    ['a body that is not JSON', '{', 400, 'not JSON'],
    ['a body that is no object', [], 400, 'not an object'],
    ['no prompt', {}, 400, 'prompt'],
    ['a word that it does not know', { prompt: '', top_p: 1 }, 400, 'top_p'],
    ['more than it may write', { prompt: '', max_tokens: 201 }, 400, 'at most 200'],
    ['a temperature that is none', { prompt: '', temperature: -1 }, 400, 'temperature'],
    ['a prompt that is too long', { prompt: 'x'.repeat(3000) }, 400, 'at most 2048'],
    ['a body that is too large', { prompt: 'x'.repeat(70_000) }, 413, 'at most 65536'],
  ])('%s is refused with the reason', async (_what, body, status, reason) => {
    const refused = await generate(await serve(), body)
    expect(refused).toMatchObject({ status, answer: { error: expect.stringContaining(reason) as string } })
  })

  it('a wrong method is refused and a path that is not there is not found', async () => {
    const address = await serve()
    expect((await fetch(`${address}/generate`)).status).toBe(405)
    expect((await fetch(`${address}/nothing`)).status).toBe(404)
  })

  it('the prompt stands inside the template, whatever signs it holds', async () => {
    const templated = await generate(await serve({ PROMPT_TEMPLATE: 'The run {{prompt}}' }), {
      prompt: "$& $' ",
      max_tokens: 30,
      seed: 1,
    })
    running?.kill('SIGKILL')
    await running?.ended
    const plain = await generate(await serve(), { prompt: "The run $& $' ", max_tokens: 30, seed: 1 })
    expect(templated.answer['text']).toBe(plain.answer['text'])
  })

  it('the metrics count what was asked and written', async () => {
    const address = await serve()
    await generate(address, { prompt: 'x', max_tokens: 7 })
    await generate(address, {})
    const text = await (await fetch(`${address}/metrics`)).text()
    expect(text).toContain('handbook_requests_total{path="/generate",status="200"} 1')
    expect(text).toContain('handbook_requests_total{path="/generate",status="400"} 1')
    expect(text).toContain('handbook_tokens_total 7')
    expect(text).toContain(`digest="${digest}"`)
  })

  it('more requests at a time than allowed are told to come back', async () => {
    const address = await serve({ MAX_CONCURRENT_REQUESTS: '1', MAX_OUTPUT_TOKENS: '1000000' })
    const stop = new AbortController()
    const long = fetch(`${address}/generate`, {
      method: 'POST',
      body: JSON.stringify({ prompt: '', max_tokens: 1_000_000 }),
      signal: stop.signal,
    }).catch(() => undefined)
    await expect
      .poll(async () => (await (await fetch(`${address}/metrics`)).text()).includes('in_flight 1'), { timeout: 20_000 })
      .toBe(true)
    expect((await generate(address, { prompt: '', max_tokens: 1 })).status).toBe(429)
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    stop.abort()
    await long
  })

  it('asked to stop it finishes what it is writing and ends with exit code 0', async () => {
    const address = await serve({ MAX_OUTPUT_TOKENS: '200000' })
    const long = generate(address, { prompt: '', max_tokens: 60_000 })
    await expect
      .poll(async () => (await (await fetch(`${address}/metrics`)).text()).includes('in_flight 1'), { timeout: 20_000 })
      .toBe(true)
    running?.kill('SIGTERM')
    const { status, answer } = await long
    expect(status).toBe(200)
    expect([...String(answer['text'])]).toHaveLength(60_000)
    expect((await running?.ended)?.code).toBe(0)
  })
})

describe('a model that is not what was asked for', () => {
  const start = (more: Readonly<Record<string, string>>) =>
    startProgram(folder.path, ['serve.mjs'], environment(more)).ended

  it('bytes of another digest are refused', async () => {
    const changed = join(folder.path, 'changed.bin')
    writeFileSync(changed, readFileSync(join(folder.path, modelUri)))
    appendFileSync(changed, 'x')
    const { code, stderr } = await start({ MODEL_URI: 'changed.bin' })
    expect(code).toBe(1)
    expect(stderr).toContain('nothing is served')
    expect(stderr).toContain(digest)
  })

  it('a file that is no model is refused, though its digest is right', async () => {
    const bytes = Buffer.from('no model\n')
    writeFileSync(join(folder.path, 'none.bin'), bytes)
    const { code, stderr } = await start({ MODEL_URI: 'none.bin', MODEL_DIGEST: digestOf(bytes) })
    expect(code).toBe(1)
    expect(stderr).toContain('none.bin cannot be used')
  })

  it.each([
    ['a file that is not there', { MODEL_URI: 'storage/none.bin' }, 'cannot be read'],
    ['no model at all', { MODEL_URI: '' }, 'MODEL_URI is not set'],
    ['a port that is none', { PORT: 'x' }, 'PORT must be'],
  ])('%s is refused by name', async (_what, more, reason) => {
    const { code, stderr } = await start(more)
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
  })
})
