import { beforeEach, expect, it } from 'vitest'
import { Fault } from '../../domain/fault.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import type { ModelVersion, Records } from '../../records/records.ts'
import { nothingShown, showInRegistry } from '../../reconciler/registry/showing.ts'
import type { ModelRegistry, NewRegistryVersion } from '../../reconciler/sources/registry.ts'
import { sampleVersion } from '../support/records.ts'

/* What of the ledger is shown in a registry, in which order, and what is not asked again. The real one: test/cli/models.services.test.ts. */

const begun = new Date('2026-03-01T12:00:00Z')
const minutes = (count: number): Date => new Date(begun.getTime() + count * 60_000)

let versions: ModelVersion[]
/** Run of the tracker by our run. */
let links: Map<string, string>
let asked: string[]
let logged: string[]
let trouble: ((version: NewRegistryVersion) => Fault | undefined) | undefined

beforeEach(() => {
  versions = []
  links = new Map()
  asked = []
  logged = []
  trouble = undefined
})

function add(count: number): void {
  for (let index = 1; index <= count; index += 1) {
    const run = { id: `run-${index}`, attempt: 1, environment: 'dev' }
    versions.push({
      ...sampleVersion({ version: index, run, digest: `sha256:${String(index).padStart(64, '0')}` }),
      ...{ id: `id-${index}`, project: 'language', model: 'letters', createdAt: begun, registry: null },
    })
    links.set(run.id, `tracked-${index}`)
  }
}

const records = {
  models: {
    list: async () => (asked.push('list'), versions),
    mirrored: async (
      of: { version: number },
      { name, version, url }: { name: string; version: string; url: string },
    ) => {
      versions = versions.map((one) =>
        one.version === of.version ? { ...one, registry: { name, version, url } } : one,
      )
    },
  },
  runs: { get: async (id: string) => ({ id }) },
  trackers: {
    of: async ([runId]: readonly [string]) => {
      const trackerRunId = links.get(runId)
      return trackerRunId === undefined ? [] : [{ runId, attempt: 1, trackerRunId }]
    },
  },
} as unknown as Records

const registry = {
  address: 'http://mlflow.example.com',
  addModel: async (name: string) => void asked.push(`model ${name}`),
  model: async () => ({ aliases: {}, versions: [] }),
  run: async (id: string) => (id === 'tracked-gone' ? undefined : { id }),
  addVersion: async (version: NewRegistryVersion) => {
    const fault = trouble?.(version)
    if (fault) throw fault
    asked.push(`${version.description} ${version.runId}`)
    return { name: version.name, version: String(asked.length), runId: version.runId, tags: {}, url: 'http://there' }
  },
} as unknown as ModelRegistry

const ledger = (): LedgerView =>
  ({
    ...{ runs: [{ project: 'speech' }], endpoints: [], environments: [] },
    models: [{ project: 'language', model: 'letters', versions }],
  }) as unknown as LedgerView

function begin() {
  const shown = nothingShown()
  return async (now = begun): Promise<readonly string[]> => {
    asked = []
    const ports = { records, now: () => now, log: ({ message }: { message: string }) => void logged.push(message) }
    await showInRegistry(ports, registry, ledger(), shown, new AbortController().signal)
    return asked.filter((one) => one !== 'list')
  }
}

it('every project has a registered model, and every version of a model is shown under it, the oldest first', async () => {
  add(2)
  const round = begin()
  const all = ['model speech', 'model language', 'model language', 'letters@1 tracked-1', 'model language']
  expect(await round()).toEqual([...all, 'letters@2 tracked-2'])
})

it('twenty are shown in a round, and once all are, nothing is asked until the ledger has more', async () => {
  add(25)
  const round = begin()
  const counted = async () => (await round()).filter((one) => one.startsWith('letters@')).length
  expect([await counted(), await counted(), await counted()]).toEqual([20, 5, 0])
  await round()
  expect(asked).toEqual([])
  add(1)
  expect(await counted()).toBe(1)
})

it('a version whose run was not found in the tracker yet waits ten minutes for it', async () => {
  add(1)
  links.clear()
  const round = begin()
  await round()
  expect((await round(minutes(9))).join()).toBe('')
  expect(await round(minutes(10))).toContain('letters@1 null')
})

it('a version whose run is gone from the tracker is shown without one', async () => {
  add(1)
  links.set('run-1', 'tracked-gone')
  expect(await begin()()).toContain('letters@1 null')
})

it('a version that the registry refuses is told once, and keeps no other back', async () => {
  add(2)
  const refusal = new Fault('TRACKER_REFUSED', 'the source is no address', { retry: 'never' })
  trouble = ({ description }) => (description === 'letters@1' ? refusal : undefined)
  const round = begin()
  expect(await round()).toContain('letters@2 tracked-2')
  await round()
  expect(logged).toEqual(['language/letters@1 is not shown in http://mlflow.example.com: the source is no address'])
})

it('a registry that gives no answer ends the round, and the next one goes on', async () => {
  add(2)
  trouble = () => new Fault('TRACKER_UNREACHABLE', 'no answer', { retry: 'soon' })
  const round = begin()
  await expect(round()).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' })
  trouble = undefined
  expect(await round()).toContain('letters@2 tracked-2')
})
