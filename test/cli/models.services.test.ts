import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachSpecs } from '../../cli/models/attach.ts'
import { deployArtifact } from '../../cli/models/deploy-artifact.ts'
import { proposeWish } from '../../cli/models/wish.ts'
import { promote } from '../../cli/models/promote.ts'
import { asRunId } from '../../cli/models/runs.ts'
import { registerRun } from '../../cli/models/register.ts'
import { reconcilerPorts } from '../../cli/house/reconciler-ports.ts'
import { createRegistryLane } from '../../reconciler/registry/lane.ts'
import { open, type Opened } from '../../cli/house/open.ts'
import { readSettings } from '../../cli/house/settings.ts'
import { planDeploy } from '../../cli/specs/deploy-version.ts'
import { publishSpecs } from '../../cli/specs/publish-specs.ts'
import type { DeployRequest } from '../../api/lifecycle/ports.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { endpoint, sourcesOf } from '../support/compiler.ts'
import { createMlflowServer, type MlflowServer } from '../support/mlflow/server.ts'

/* From a run of a real MLflow to a change of the specs, on the embedded default. */

const digest = `sha256:${'a'.repeat(64)}`
const modelSpec = `project: language\nmodel: letters\nuri: s3://models/letters/1\ndigest: ${digest}\nsizeBytes: 12\n`
const wish = { project: null, model: null }
const at = (): Date => new Date('2026-03-01T12:00:00Z')

let server: MlflowServer
let folder: string
let opened: Opened
let run: string
beforeAll(async () => {
  server = await createMlflowServer()
  await server.start()
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-models-'))
  for (const inner of ['specs', 'trainer', 'data']) mkdirSync(join(folder, inner))
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  for (const { path, bytes } of sourcesOf([endpoint()])) writeFileSync(join(folder, path), bytes)
  const environment = { PATH: process.env['PATH'], HOME: folder, MLFLOW_TRACKING_URI: server.url }
  opened = await open(await readSettings(folder, environment), environment, () => new Date())
  expect((await publishSpecs(opened)).problems.filter((one) => one.severity === 'error')).toEqual([])
  run = await newRun()
})
afterAll(async () => {
  await opened.close()
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
})

/** A run that somebody began in MLflow without us. */
async function newRun(): Promise<string> {
  const answer = await mlflow('runs/create', { experiment_id: '0', start_time: 1_700_000_000_000 })
  const { run_id: id } = (answer as { run: { info: { run_id: string } } }).run.info
  await mlflow('runs/log-parameter', { run_id: id, key: 'epochs', value: '3' })
  return id
}

async function mlflow(path: string, body: object): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return answer.json()
}

const specText = (): string => readFileSync(join(folder, 'specs', '1.yaml'), 'utf8')
const versions = async () => readLedger((await opened.deploy.read()).files).models[0]?.versions ?? []

/** What keeps the registry and the ledger together, a round at a time. */
async function lane() {
  const asked: string[] = []
  const logged: string[] = []
  const one = createRegistryLane(
    {
      ...reconcilerPorts({
        ...{ opened, records: opened.records, tracker: undefined, environment: {}, cluster: () => undefined },
        ...{ heard: () => undefined, now: at, log: ({ message }) => logged.push(message) },
      }),
      propose: async ({ environment, name }, { model, version }, why) => {
        asked.push(`${environment}/${name} ${model}@${version}: ${why}`)
        return 'proposed'
      },
    },
    0,
  )
  const round = async () => {
    one.wake(readLedger((await opened.deploy.read()).files))
    await one.settled()
  }
  return { asked, logged, round, stop: () => one.stop() }
}

describe('a run of MLflow', () => {
  it('without a Serving Model Spec makes no version, and says what it lacks', async () => {
    expect(await registerRun(opened, run, wish)).toMatchObject({
      ...{ kind: 'refused', message: `run ${run} has no specyard/serving-model-spec.yaml` },
      hint: `log one first: specyard attach ${run} --model-spec model.yaml`,
    })
  })

  it('takes no spec that cannot be read, and tells all that is wrong with it at its places', async () => {
    const wrong = 'project: language\nmodel: Letters\ndigest: md5:1\nuri: s3://a\nsize: 12\n'
    const answer = await attachSpecs(opened, run, { model: wrong, endpoint: null })
    expect(answer).toMatchObject({ kind: 'problems' })
    const places = 'problems' in answer ? answer.problems.map(({ code, where }) => `${code} ${where.line}`) : []
    expect(places.sort()).toEqual(['FORMAT_WRONG 2', 'FORMAT_WRONG 3', 'KEY_MISSING 1', 'KEY_UNKNOWN 5'])
  })

  it('becomes a model version once, by its digest, under the registered model of its project', async () => {
    const attached = await attachSpecs(opened, run, { model: modelSpec, endpoint: null })
    expect(attached).toMatchObject({ artifacts: ['specyard/serving-model-spec.yaml'] })
    const first = await registerRun(opened, run, wish)
    expect(first).toMatchObject({
      project: 'language',
      model: 'letters',
      version: 1,
      digest,
      registry: { name: 'language', version: '1' },
    })
    expect(await registerRun(opened, run, wish)).toEqual({ ...first, commit: null })
    expect(await versions()).toMatchObject([
      { version: 1, digest, hyperparameters: { epochs: '3' }, uri: 's3://models/letters/1' },
    ])
    const shown = await opened.registry?.model('language', AbortSignal.timeout(10_000))
    expect(shown?.versions).toMatchObject([
      { runId: run, tags: { 'specyard.model': 'letters', 'specyard.version': '1', 'specyard.digest': digest } },
    ])
    expect(await opened.records.models.list({})).toMatchObject([
      { version: 1, registry: { name: 'language', version: '1' } },
    ])
  })

  it('that nobody knows is refused', async () => {
    expect(await registerRun(opened, 'f'.repeat(32), wish)).toMatchObject({ kind: 'refused' })
    expect(await registerRun(opened, 'no-such-run', wish)).toMatchObject({ kind: 'refused' })
  })
})

describe('deploying a model version', () => {
  it('whose run left no Serving Endpoint Spec is refused', async () => {
    expect(await deployArtifact(opened, 'letters@1')).toMatchObject({
      ...{ kind: 'refused', message: `run ${run} has no specyard/serving-endpoint-spec.yaml` },
    })
  })

  it('tells the problems of its artifact at their places there, and changes nothing', async () => {
    const before = specText()
    const wrong = endpoint().replace('port: 8080', 'port: eighty').replace('GENERATION', 'TALKING')
    await attachSpecs(opened, run, { model: null, endpoint: wrong })
    const answer = await deployArtifact(opened, 'language/letters@1')
    expect(answer).toMatchObject({ kind: 'problems' })
    const places = 'problems' in answer ? answer.problems.map(({ where }) => `${where.file}:${where.line}`) : []
    const line = (text: string) => wrong.split('\n').findIndex((one) => one.includes(text)) + 1
    const artifact = `${run}/specyard/serving-endpoint-spec.yaml`
    expect(places).toEqual([`${artifact}:${line('TALKING')}`, `${artifact}:${line('eighty')}`])
    expect(specText()).toBe(before)
  })

  it('puts its artifact in the place of the spec of that name, with the version pinned, and publishes nothing', async () => {
    const head = await opened.deploy.head()
    await attachSpecs(opened, run, { model: null, endpoint: endpoint().replace('/letters', '/alphabet') })
    const answer = await deployArtifact(opened, 'letters@1')
    expect(answer).toEqual({ kind: 'proposed', path: 'specs/1.yaml', commit: null, branch: null, pullRequest: null })
    expect(specText()).toContain('route: /alphabet')
    expect(specText()).toContain('model: { version: 1, ref: letters, family: char-loglinear }')
    expect(await opened.deploy.head()).toBe(head)
    expect(await deployArtifact(opened, 'letters@1')).toMatchObject({ kind: 'unchanged' })
  })

  it.each([['letters@9'], ['letters'], ['nothing@1']])('%s, which there is not, is refused', async (wanted) => {
    expect(await deployArtifact(opened, wanted)).toMatchObject({ kind: 'refused' })
  })
})

describe('a version that serves', () => {
  const request = async (changes: Partial<DeployRequest> = {}): Promise<DeployRequest> => {
    const [version] = await opened.records.models.list({})
    if (!version) throw new Error('no version is recorded')
    const nothing = { endpoint: null, instances: null, instanceType: null, autoScaling: null, deploymentSpec: null }
    return { version, environments: ['dev', 'development'], ...nothing, ...changes }
  }

  it('is promoted by a line in the overlay of the other environment', async () => {
    writeFileSync(join(folder, 'specs', '1.yaml'), endpoint())
    await publishSpecs(opened)
    const key = { environment: 'dev', project: 'language', name: 'letters' }
    expect(await promote(opened, key, 'production')).toMatchObject({ kind: 'proposed', path: 'specs/1.yaml' })
    expect(specText()).toContain('prod: { model: { version: 1 }, replicas:')
    expect(await promote(opened, key, 'dev')).toMatchObject({ kind: 'refused' })
    expect(await promote(opened, key, 'moon')).toMatchObject({ kind: 'refused', hint: 'use one of: dev, prod' })
  })

  it('asked for as it is changes nothing', async () => {
    await publishSpecs(opened)
    expect(await planDeploy(opened, await request(), at)).toMatchObject({
      kind: 'unchanged',
      endpoint: { name: 'letters' },
    })
  })

  it('is deployed again with what was asked for, and keeps what was not', async () => {
    const plan = await planDeploy(opened, await request({ instances: 2, autoScaling: true }), at)
    expect(plan).toMatchObject({ kind: 'planned', endpoint: { environment: 'dev', name: 'letters' } })
    const done = plan.kind === 'planned' ? await plan.carryOut() : undefined
    expect(done?.commit).toMatch(/^[0-9a-f]{40}$/)
    const entry = readLedger((await opened.deploy.read()).files).endpoints.find((one) => one.environment === 'dev')
    expect(entry?.plan).toMatchObject({
      replicas: { min: 2, max: 2 },
      autoscale: { cpuUtilization: 70 },
      route: '/letters',
    })
    expect(specText()).toContain('prod: { model: { version: 1 }')
  })

  it('asked for with what cannot be tells its problems', async () => {
    const spec = { rollout: { strategy: 'canary', traffic_split: { old: 90, new: 90 } } }
    const plan = await planDeploy(opened, await request({ deploymentSpec: spec }), at)
    expect(plan).toMatchObject({ kind: 'problems', problems: [{ code: 'TRAFFIC_SPLIT_SUM' }] })
  })

  it.each([
    ['an Environment that there is not', { environments: ['moon'] }],
    ['an endpoint that there is not', { endpoint: 'other' }],
  ])('is not deployed to %s', async (_what, changes) => {
    expect(await planDeploy(opened, await request(changes), at)).toMatchObject({ kind: 'refused' })
  })
})

describe('a version that the ledger has and MLflow has not', () => {
  const register = async (project: string, letter: string, runId: string) => {
    const run = { id: asRunId(runId), attempt: 1, environment: 'dev' }
    const version = {
      ...{ digest: `sha256:${letter.repeat(64)}`, uri: `s3://models/${letter}`, sizeBytes: 1, run },
      ...{ stage: 'experimental' as const, framework: null, hyperparameters: {}, metrics: {} },
    }
    await opened.operate([{ kind: 'register', project, model: 'words', version }])
    const { models } = readLedger((await opened.deploy.read()).files)
    const found = models.find((one) => one.project === project && one.model === 'words')?.versions ?? []
    await opened.records.models.absorb(project, 'words', null, found)
  }
  const shown = async (project: string) => {
    const model = await opened.registry?.model(project, AbortSignal.timeout(10_000))
    return model?.versions.map(({ runId, tags }) => [runId, tags['specyard.model'], tags['specyard.version']]).reverse()
  }

  it('is shown there by the reconciler, once, under the registered model that its project has', async () => {
    const { round, stop } = await lane()
    const runs = [await newRun(), await newRun()]
    await register('prose', 'd', runs[0] ?? '')
    await register('prose', 'e', runs[1] ?? '')
    await round()
    await round()
    const expected = [
      [runs[0], 'words', '1'],
      [runs[1], 'words', '2'],
    ]
    expect(await shown('prose')).toEqual(expected)
    const recorded = await opened.records.models.list({ project: 'prose' })
    expect(recorded.map(({ registry }) => registry?.name)).toEqual(['prose', 'prose'])
    await stop()
    // Another process knows nothing of what this one has shown.
    const other = await lane()
    await other.round()
    await other.stop()
    expect(await shown('prose')).toEqual(expected)
  })

  it('waits for nobody while MLflow is gone, and is shown once that is back', async () => {
    const { round, logged, stop } = await lane()
    await register('verse', 'f', await newRun())
    await server.stop()
    await round()
    await round()
    expect(logged.filter((message) => message.includes('the model registry is left alone for now'))).toHaveLength(2)
    expect((await opened.records.models.list({ project: 'verse' }))[0]?.registry).toBeNull()
    await server.start()
    await round()
    expect(await shown('verse')).toHaveLength(1)
    await stop()
  })
})

describe('an alias that moves in MLflow', () => {
  const setAlias = (alias: string) => mlflow('registered-models/alias', { name: 'language', alias, version: '2' })

  it('becomes one proposal where it names an environment that serves something else, and moves nothing itself', async () => {
    writeFileSync(join(folder, 'specs', '1.yaml'), endpoint())
    await publishSpecs(opened)
    const second = await newRun()
    const other = modelSpec.replace(digest, `sha256:${'b'.repeat(64)}`)
    await attachSpecs(opened, second, { model: other, endpoint: null })
    // Dev follows the newest, and prod does not.
    expect(await registerRun(opened, second, wish)).toMatchObject({ version: 2, registry: { version: '2' } })
    const head = await opened.deploy.head()
    const { asked, round, stop } = await lane()
    await setAlias('champion')
    await setAlias('dev')
    await round()
    expect(asked).toEqual([])
    await setAlias('production')
    await round()
    await round()
    expect(asked).toEqual([
      `prod/letters letters@2: The alias production of language was moved to it in ${server.url}.`,
    ])
    expect(await opened.deploy.head()).toBe(head)
    await stop()
  })

  it('writes nothing into a working tree, and says what to write', async () => {
    const before = specText()
    const entry = readLedger((await opened.deploy.read()).files).endpoints.find((one) => one.environment === 'prod')
    if (!entry) throw new Error('prod is not in the ledger')
    expect(await proposeWish(opened, entry, { model: 'letters', version: 1 }, 'why')).toBe(
      'write spec.environments.prod.model.version: 1 into specs/1.yaml for it',
    )
    expect(specText()).toBe(before)
  })
})
