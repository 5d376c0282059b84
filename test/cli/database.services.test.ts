import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UpDocument } from '../../cli/up/document.ts'
import { createServerDatabase, type TestDatabase } from '../support/database.ts'
import { builtProgram } from '../support/main-job/built.ts'
import { copyExample, type Example, lengthened } from '../support/main-job/example.ts'
import { type Ended, endOf, type Running, startProgram, untilSaid } from '../support/main-job/program.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const program = builtProgram()
let database: TestDatabase & { readonly url: string }
let proxy: TcpProxy
let example: Example
beforeAll(async () => {
  database = await createServerDatabase()
  proxy = await openTcpProxy(database.url)
  example = copyExample()
  example.edit('specs/handbook/training.yaml', lengthened)
})
afterAll(async () => {
  await example.remove()
  await proxy.close()
  await database.close()
})

function up(): Running {
  const args = ['up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '240s']
  return startProgram(program, example.folder, args, { environment: { DATABASE_URL: proxy.url } })
}

describe('specyard up with a PostgreSQL server', () => {
  it('that is away at the start is DATABASE_UNREACHABLE with its address', async () => {
    await proxy.cut()
    const ended = await up().ended
    await proxy.restore()
    expectUnreachable(ended)
    expect(ended.stderr).toContain(`(ECONNREFUSED) at ${new URL(proxy.url).host}`)
  })

  it('that dies while a training runs is DATABASE_UNREACHABLE, and the next start goes on where this one stopped', async () => {
    const running = up()
    await untilSaid(running, /dev\/language\/handbook-lm {2}RUNNING/)
    await proxy.cut()
    expectUnreachable(await endOf(running, 40))
    await proxy.restore()
    const ended = await endOf(up(), 60)
    expect(ended.code, ended.stderr).toBe(0)
    const { runs, modelVersions } = JSON.parse(ended.stdout) as UpDocument
    expect(runs.map(({ name, state, attempts }) => `${name} ${state} ${attempts}`).sort()).toEqual([
      'handbook-lm SUCCEEDED 1',
      'handbook-retry SUCCEEDED 2',
      'support-sft PENDING 1',
    ])
    expect(modelVersions).toHaveLength(1)
  })

  it("that another up works with too is that one's: the first ends with FENCE_LOST", async () => {
    const other = copyExample()
    const first = startProgram(program, example.folder, ['up', '--port', '0'], {
      environment: { DATABASE_URL: proxy.url },
    })
    await untilSaid(first, /watching {4}specs/)
    const second = startProgram(program, other.folder, ['up', '--port', '0'], {
      environment: { DATABASE_URL: proxy.url },
    })
    const ended = await endOf(first, 60)
    second.kill('SIGTERM')
    await second.ended
    await other.remove()
    expect({ code: ended.code, said: ended.stderr }).toMatchObject({ code: 3 })
    expect(ended.stderr).toMatch(/error {2}FENCE_LOST {2}.*token/)
    expect(ended.stderr).toMatch(/^ {2}hint: another reconciler has taken over/m)
  })
})

function expectUnreachable(ended: Ended): void {
  expect({ code: ended.code, said: ended.stderr }).toMatchObject({ code: 3 })
  expect(ended.stderr).toContain('error  DATABASE_UNREACHABLE  the database ')
  expect(ended.stderr).toMatch(/^ {2}hint: \S/m)
  expect(ended.stderr).not.toMatch(/defect|^\s+at /m)
}
