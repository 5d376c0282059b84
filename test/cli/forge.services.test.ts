import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { promote } from '../../cli/models/promote.ts'
import { proposeWish } from '../../cli/models/wish.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { specyard } from '../support/cli.ts'
import { endpoint, sourcesOf } from '../support/compiler.ts'
import { type ForgeHouse, openForgeHouse } from '../support/forge-house.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'

/* What Specyard asks of a real forge: a Gitea with the spec repository and the deploy repository. */

const deployments = '/api/v1/ml/lifecycle/deployments'
const digestOf = (version: number): string => `sha256:${String(version).repeat(64)}`
const files = Object.fromEntries(
  sourcesOf([endpoint()]).map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]),
)
let gitea: Gitea
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.remove())

interface Pull {
  readonly title: string
  readonly state: string
  readonly html_url: string
  readonly head: { readonly ref: string; readonly sha: string }
}

/** A house with two versions of the model, of which the endpoint serves the newer one in `dev`. */
async function openHouse(name: string, pullRequests: boolean): Promise<ForgeHouse> {
  const house = await openForgeHouse(gitea, name, files, { pullRequests })
  await house.publish()
  for (const version of [1, 2]) {
    const run = { id: '00000000-0000-5000-8000-000000000001', attempt: 1, environment: 'dev' }
    await house.opened.operate([
      {
        ...{ kind: 'register', project: 'language', model: 'letters' },
        version: {
          ...{ digest: digestOf(version), uri: `s3://models/letters/${version}`, sizeBytes: 1, run },
          ...{ stage: 'experimental', framework: null, hyperparameters: {}, metrics: {} },
        },
      },
    ])
  }
  const [model] = readLedger((await house.opened.deploy.read()).files).models
  await house.opened.records.models.absorb('language', 'letters', null, model?.versions ?? [])
  return house
}

const pulls = (house: ForgeHouse) =>
  gitea.ask<readonly Pull[]>('GET', `/repos/${gitea.owner}/${house.specs}/pulls?state=all`)
const diffOf = async (house: ForgeHouse, number: number): Promise<string> => {
  const answer = await fetch(`${gitea.url}/${gitea.owner}/${house.specs}/pulls/${number}.diff`)
  return answer.text()
}
const pinOf = async (house: ForgeHouse, environment = 'dev'): Promise<string | undefined> =>
  readLedger((await house.opened.deploy.read()).files).endpoints.find((one) => one.environment === environment)?.pin
    ?.digest

/** As the reconciler does once the endpoint's framework says so. */
async function seenHealthy({ opened }: ForgeHouse): Promise<void> {
  const { revision } = readLedger((await opened.deploy.read()).files).endpoints.find(isOfDev) ?? { revision: 0 }
  const key = { environment: 'dev', project: 'language', name: 'letters' }
  expect(await opened.operate([{ kind: 'confirm', key, revision }])).toMatchObject([{ applied: true }])
}

const isOfDev = ({ environment }: { readonly environment: string }): boolean => environment === 'dev'

describe('where the specs are changed by pull request', () => {
  let house: ForgeHouse
  const asked = { model_name: 'letters', model_version: '1', environment: 'development' }
  beforeAll(async () => {
    house = await openHouse('reviewed', true)
  })
  afterAll(() => house.close())

  it('a deployment that is asked for is a pull request, and pending until that is merged', async () => {
    expect(await pinOf(house)).toBe(digestOf(2))
    const head = await house.opened.specs.head()
    const { status, body } = await house.ask('POST', deployments, asked)
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        ...{ status: 'pending', model_version: '1', message: 'specs/1.yaml changes once its pull request is merged' },
        pull_request: `${gitea.url}/${gitea.owner}/${house.specs}/pulls/1`,
      },
    })
    expect(await house.opened.specs.head()).toBe(head)
    const [pull] = await pulls(house)
    expect(pull).toMatchObject({ title: 'Serve letters@1 as dev/language/letters', head: { sha: body['commit'] } })
    expect(await diffOf(house, 1)).toContain('+  environments: { dev: { model: { version: 1 } }')
  })

  it('asked for again is the same one', async () => {
    const [first, again] = [await house.ask('GET', deployments), await house.ask('POST', deployments, asked)]
    expect(again).toMatchObject({ status: 200, body: { id: (first.body as unknown as { id: string }[])[0]?.id } })
    expect(await pulls(house)).toHaveLength(1)
  })

  it('another wish for it is another pull request', async () => {
    const more = { ...asked, endpoint_config: { instances: 2, instance_type: 'cpu' } }
    expect(await house.ask('POST', deployments, more)).toMatchObject({
      ...{ status: 201, body: { pull_request: `${gitea.url}/${gitea.owner}/${house.specs}/pulls/2` } },
    })
  })

  it('merged, it is what the next publication releases', async () => {
    await seenHealthy(house)
    await gitea.merge(house.specs, 1)
    await house.publish()
    expect(await pinOf(house)).toBe(digestOf(1))
  })

  it('is taken back by a commit of the deploy repository, for which nobody has to merge anything', async () => {
    const { status, body } = await house.ask('POST', '/v1/endpoints/dev/language/letters/rollback', {})
    expect({ status, body }).toMatchObject({ status: 200, body: { commit: await house.opened.deploy.head() } })
    expect(await pinOf(house)).toBe(digestOf(2))
    expect(await pulls(house)).toHaveLength(2)
    const commits = await gitea.ask<{ sha: string }[]>('GET', `/repos/${gitea.owner}/${house.deploy}/commits`)
    expect(commits[0]?.sha).toBe(body['commit'])
  })

  it('a training that is handed in begins once its pull request is merged', async () => {
    const spec = {
      ...{ apiVersion: 'specyard.dev/v1', kind: 'TrainingJob', metadata: { name: 'words', project: 'language' } },
      spec: {
        ...{ environment: 'dev', task: { type: 'language-modelling' }, model: { name: 'letters', source: 'custom' } },
        ...{ dataset: { ref: 'text' }, training: { epochs: 3 }, image: 'example/trainer:1', command: ['train'] },
      },
    }
    const first = await house.ask('POST', '/v1/jobs', spec)
    expect(first).toMatchObject({
      status: 202,
      body: { pull_request: `${gitea.url}/${gitea.owner}/${house.specs}/pulls/3` },
    })
    expect(await house.ask('POST', '/v1/jobs', spec)).toEqual(first)
    await gitea.merge(house.specs, 3)
    await house.publish()
    const { runs } = readLedger((await house.opened.deploy.read()).files)
    expect(runs.flatMap((one) => one.runs.map(({ id }) => id))).toContain(first.body['id'])
  })

  it('a promotion, and what an alias asks for, are one pull request', async () => {
    const key = { environment: 'dev', project: 'language', name: 'letters' }
    const promoted = await promote(house.opened, key, 'prod')
    expect(promoted).toMatchObject({ kind: 'proposed', pullRequest: expect.stringContaining('/pulls/4') })
    const entry = readLedger((await house.opened.deploy.read()).files).endpoints.find(
      (one) => one.environment === 'prod',
    )
    if (!entry) throw new Error('there is no endpoint of prod')
    const wished = await proposeWish(house.opened, entry, { model: 'letters', version: 2 }, 'The alias prod was moved.')
    expect(wished).toBe('pullRequest' in promoted ? promoted.pullRequest : '')
    expect((await pulls(house)).filter(({ state }) => state === 'open')).toHaveLength(2)
  })
})

describe('where the branch of the specs is protected', () => {
  it('a push is refused with what to set, and a pull request is opened where that is set', async () => {
    const protect = (house: ForgeHouse) =>
      gitea.ask('POST', `/repos/${gitea.owner}/${house.specs}/branch_protections`, {
        ...{ rule_name: 'main', branch_name: 'main', enable_push: false },
      })
    const asked = { model_name: 'letters', model_version: '1', environment: 'development' }
    const pushed = await openHouse('pushed', false)
    const reviewed = await openHouse('guarded', true)
    try {
      await protect(pushed)
      const refused = await pushed.ask('POST', deployments, asked)
      expect(refused).toMatchObject({
        ...{
          status: 503,
          body: { error: { code: 'GIT_PUSH_REJECTED', hint: expect.stringContaining('pullRequests') } },
        },
      })
      expect(JSON.stringify(refused)).not.toContain(gitea.token)
      expect(await pulls(pushed)).toEqual([])
      await protect(reviewed)
      expect(await reviewed.ask('POST', deployments, asked)).toMatchObject({ status: 201 })
      expect(await pulls(reviewed)).toHaveLength(1)
    } finally {
      await pushed.close()
      await reviewed.close()
    }
  })
})

it('specyard comment puts a text on a pull request there, by the variables that its workflows have', async () => {
  const house = await openForgeHouse(gitea, 'commented', files, { pullRequests: true })
  try {
    await gitea.ask('POST', `/repos/${gitea.owner}/${house.specs}/contents/more.md`, {
      ...{ content: btoa('more'), message: 'More', branch: 'main', new_branch: 'change' },
    })
    await gitea.ask('POST', `/repos/${gitea.owner}/${house.specs}/pulls`, { head: 'change', base: 'main', title: 'x' })
    const { root } = house.opened.settings
    writeFileSync(join(root, 'comment.md'), '<!-- specyard diff -->\n\n### Specyard: 1 run starts\n')
    const words = ['comment', 'comment.md', '--repository', `${gitea.owner}/${house.specs}`, '--pull-request', '1']
    const variables = { GITHUB_API_URL: gitea.api, GITHUB_TOKEN: gitea.token }
    for (const kind of ['created', 'unchanged'])
      expect(await specyard(root, words, variables)).toMatchObject({
        ...{ exit: 0, stderr: '', stdout: expect.stringMatching(`^comment ${kind}: ${gitea.url}/`) },
      })
  } finally {
    await house.close()
  }
})
