import { describe, expect, it } from 'vitest'
import { watchObserved } from '../../../cli/observe/watch.ts'
import type { World } from '../../../cli/world.ts'
import { Fault } from '../../../domain/fault.ts'
import type { Survey } from '../../../reconciler/observed/cluster.ts'
import { observeAll } from '../../../reconciler/observed/observe.ts'
import { condition, ended, jobObject, podObject, survey } from '../../support/observed.ts'

type Look = Survey | Fault

/** Gives one look after the other, and is interrupted when there is none left. */
async function watching(looks: readonly Look[]) {
  const said = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (said[name] += text) })
  const world = { stdout: stream('stdout'), stderr: stream('stderr') } as unknown as World
  const stop = new AbortController()
  const left = [...looks]
  let closed = false
  const cluster = {
    follow: ({ changed }: { changed(): void }) => ({
      view: async () => {
        const look = left.shift()
        if (left.length === 0) stop.abort()
        else changed()
        if (look instanceof Fault || look === undefined) throw look ?? new Error('there is nothing to see')
        return look
      },
      close: async () => void (closed = true),
    }),
    once: () => Promise.reject(new Error('it is followed')),
    close: () => undefined,
  }
  const flags = { output: 'table', findings: 'warning' } as const
  const look = async (seen: Survey) => observeAll(seen, null)
  const code = await watchObserved(world, flags, cluster, look, stop.signal).catch((error: unknown) => error)
  return { code, closed, ...said }
}

const running = survey({ jobs: [jobObject()], pods: [podObject()] })
const failed = survey({
  jobs: [jobObject({ status: { failed: 1, conditions: [condition('Failed', 'BackoffLimitExceeded')] } })],
  pods: [podObject({ phase: 'Failed', state: ended(3) })],
})
const away = new Fault('CLUSTER_UNREACHABLE', 'the API server does not answer', { retry: 'soon' })

describe('specyard observe --watch', () => {
  it('prints everything once, then what changes, and ends well when it is interrupted', async () => {
    const { code, closed, stdout } = await watching([running, running, failed])
    expect([code, closed]).toEqual([0, true])
    expect(stdout.match(/^JOB +STATE/gm)).toHaveLength(1)
    expect(stdout).toMatch(/^team\/bert {2}FAILED {2}APP_EXIT.*$(?!\n^team\/bert)/m)
    expect(stdout.match(/^team\/bert/gm)).toHaveLength(2)
  })

  it('waits for a cluster that goes away, and says so', async () => {
    const { code, stdout, stderr } = await watching([running, away, failed])
    expect(code).toBe(0)
    expect(stderr).toContain('CLUSTER_UNREACHABLE  the API server does not answer; it is tried again')
    expect(stdout).toContain('APP_EXIT')
  })

  it('ends where it cannot look at all', async () => {
    const { code, closed } = await watching([away, running])
    expect([code, closed]).toEqual([away, true])
  })
})
