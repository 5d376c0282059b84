import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stopSecondsMax } from '../../cli/terminal/interrupt.ts'
import { createServerDatabase, redisUrl, type TestDatabase } from '../support/database.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { endOf, type Running, startProgram, untilSaid } from '../support/main-job/program.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/* A service that is told to stop ends, whatever it waits for: servers that have gone silent answer to nobody's goodbye. */

const slackSeconds = 10

describe('a service that is told to stop', () => {
  const program = builtProgram()
  let database: TestDatabase & { readonly url: string }
  let proxy: TcpProxy | undefined
  let folder: string
  let running: Running | undefined
  beforeEach(async () => {
    database = await createServerDatabase()
    folder = mkdtempSync(join(tmpdir(), 'specyard-stopping-'))
    writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  })
  afterEach(async () => {
    if (running && !running.hasEnded()) running.kill('SIGKILL')
    await running?.ended
    await proxy?.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })
  const start = (words: readonly string[], environment: Readonly<Record<string, string>>): Running =>
    (running = startProgram(program, folder, words, { environment }))

  it('ends in 20 s and says what was open when its database has gone silent in the middle of a statement', async () => {
    proxy = await openTcpProxy(database.url)
    const serving = start(['serve', '--no-reconcile', '--port', '0'], { DATABASE_URL: proxy.url })
    await untilSaid(serving, /API +http/)
    const url = /API +(\S+)/.exec(serving.said())?.[1] ?? ''
    expect((await fetch(`${url}/v1/jobs`)).status).toBe(200)
    proxy.holdAt('select')
    const asked = fetch(`${url}/v1/jobs`).catch(() => undefined)
    await proxy.held()
    serving.kill('SIGTERM')
    const { code, stderr } = await endOf(serving, stopSecondsMax + slackSeconds)
    await asked
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining(`not everything has ended ${stopSecondsMax} s after the signal to stop (open: `),
    })
  })

  it('ends in order when Redis has gone silent before it could ask for messages', async () => {
    proxy = await openTcpProxy(redisUrl())
    proxy.holdAt('psubscribe')
    const reconciling = start(['reconcile'], { DATABASE_URL: database.url, REDIS_URL: proxy.url })
    await proxy.held()
    reconciling.kill('SIGTERM')
    const { code, stderr } = await endOf(reconciling, stopSecondsMax)
    expect(code, stderr).toBe(0)
  })
})
