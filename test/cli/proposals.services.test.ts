import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logWithPulls } from '../../cli/house/merged-pulls.ts'
import { publishSpecs } from '../../cli/specs/publish-specs.ts'
import { readProposals } from '../../cli/specs/waiting-specs.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { Publication } from '../../domain/publication.ts'
import { environment, sourcesOf, training } from '../support/compiler.ts'
import { type ForgeHouse, openForgeHouse } from '../support/forge-house.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'

/* What waits for a pull request, at a real forge: a Gitea with the spec repository and the deploy repository. */

interface Pull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: string
  readonly merged: boolean
  readonly head: { readonly sha: string }
}

const environments = environment.replace('ml-language } } }', '$&, protections: { pullRequest: true }')
const words = (epochs = 3): string =>
  training('words').replace('environment: dev', 'environment: prod').replace('epochs: 3', `epochs: ${epochs}`)
const files = Object.fromEntries(
  sourcesOf([training(), words()], environments).map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]),
)

let gitea: Gitea
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.remove())

let count = 0
/** A house whose first publication was made. The forge may take its time to notice the first push: then the pull request is opened the next time. */
async function openHouse(specs = files): Promise<ForgeHouse> {
  const house = await openForgeHouse(gitea, `proposed-${(count += 1)}`, specs, { pullRequests: false })
  await house.publish()
  await gitea.untilFilled(house.deploy)
  await house.publish()
  return house
}
async function withHouse(use: (house: ForgeHouse) => Promise<void>, specs = files): Promise<void> {
  const house = await openHouse(specs)
  try {
    await use(house)
  } finally {
    await house.close()
  }
}
const at = (house: ForgeHouse, path: string): string => `/repos/${gitea.owner}/${house.deploy}${path}`
const pulls = (house: ForgeHouse) => gitea.ask<readonly Pull[]>('GET', at(house, '/pulls?state=all&sort=oldest'))
const branches = async (house: ForgeHouse) =>
  (await gitea.ask<readonly { name: string }[]>('GET', at(house, '/branches'))).map(({ name }) => name).sort()
const runsOf = async (house: ForgeHouse, environment: string) =>
  readLedger((await house.opened.deploy.read()).files)
    .runs.filter((one) => one.environment === environment)
    .flatMap(({ runs }) => runs)
const cancelRun = async (house: ForgeHouse, environment: string) => {
  const [run] = await runsOf(house, environment)
  const key = { environment, project: 'language', name: environment === 'dev' ? 'letters' : 'words' }
  return house.opened.operate([{ kind: 'cancel', key, runId: run?.id ?? '', reason: 'REQUESTED' }])
}

/** Changes files of a repository as a person does; null removes one. */
function pushByHand(repository: string, branch: string, changed: Readonly<Record<string, string | null>>): void {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-hand-'))
  const git = (...args: readonly string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgSign=false', ...args],
      {
        ...{ cwd: folder, stdio: 'pipe' },
      },
    )
  git('clone', '--quiet', '--branch', branch, gitea.pushUrl(repository), '.')
  for (const [path, text] of Object.entries(changed)) {
    if (text === null) rmSync(join(folder, path))
    else writeFileSync(join(folder, path), text)
  }
  git('add', '--all')
  git('commit', '--quiet', '--message', 'By hand')
  git('push', '--quiet', 'origin', `HEAD:${branch}`)
  rmSync(folder, { recursive: true, force: true })
}

describe('what specs ask for in an environment that wants a pull request', () => {
  it('is a pull request that says what merging it does, while the other environment is published', () =>
    withHouse(async (house) => {
      const [pull, ...others] = await pulls(house)
      expect(others).toEqual([])
      expect(pull).toMatchObject({ number: 1, title: 'Publish specs: 1 run starts', state: 'open' })
      expect(pull?.body).toContain('words')
      expect(pull?.body).not.toContain('dev/language/letters')
      expect([(await runsOf(house, 'dev')).length, (await runsOf(house, 'prod')).length]).toEqual([1, 0])
      expect(await readProposals(house.opened)).toMatchObject([
        {
          state: 'waiting',
          pullRequest: { number: 1 },
          message: 'proposed, waits for pull request 1',
          subjects: ['prod/language/words'],
        },
      ])
      const { status, body } = await house.ask('GET', '/v1/proposals')
      expect({ status, body }).toMatchObject({
        ...{
          status: 200,
          body: { items: [{ pull_request: { url: `${gitea.url}/${gitea.owner}/${house.deploy}/pulls/1` } }] },
        },
      })
      const before = pull?.head.sha
      await house.publish()
      expect(await pulls(house)).toMatchObject([{ number: 1, head: { sha: before } }])
    }))

  it('is one pull request still when the specs change, with the new text', () =>
    withHouse(async (house) => {
      pushByHand(house.specs, 'main', { 'specs/2.yaml': words(9), 'specs/1.yaml': training() })
      await house.publish()
      const [pull, ...others] = await pulls(house)
      expect(others).toEqual([])
      expect(pull?.head.sha).toBe(
        await house.opened.deploy.waiting().then(([one]) => (one?.kind === 'waiting' ? one.proposal.commit : '')),
      )
    }))

  it('is closed with a word why when the specs ask for nothing of it any more, and opened anew when they do again', () =>
    withHouse(async (house) => {
      pushByHand(house.specs, 'main', {
        'specs/2.yaml': null,
        'specs/0.yaml': environments.replace(/---\n[^-]*name: prod }[^]*?(?=---)/, ''),
      })
      await house.publish()
      expect(await pulls(house)).toMatchObject([{ number: 1, state: 'closed', merged: false }])
      const comments = await gitea.ask<readonly { body: string }[]>('GET', at(house, '/issues/1/comments'))
      expect(comments.map(({ body }) => body).join()).toContain('Nothing is left to propose')
      expect(await branches(house)).toEqual(['main'])
      pushByHand(house.specs, 'main', { 'specs/2.yaml': words(), 'specs/0.yaml': environments })
      await house.publish()
      expect((await pulls(house)).map(({ state }) => state)).toEqual(['closed', 'open'])
    }))

  it('that a person closed is not opened again before something else is asked for', () =>
    withHouse(async (house) => {
      await gitea.ask('PATCH', at(house, '/pulls/1'), { state: 'closed' })
      await house.publish()
      await cancelRun(house, 'dev')
      await house.publish()
      expect(await pulls(house)).toHaveLength(1)
      expect(await readProposals(house.opened)).toMatchObject([{ state: 'declined', pullRequest: { number: 1 } }])
      pushByHand(house.specs, 'main', { 'specs/2.yaml': words(7) })
      await house.publish()
      expect((await pulls(house)).map(({ state }) => state)).toEqual(['closed', 'open'])
    }))
})

it.each([
  ['merge', false],
  ['squash', false],
  ['squash', true],
  ['rebase', true],
] as const)(
  'a pull request that is merged there by %s is published, and leaves nothing to ask for (its branch deleted by the forge: %s)',
  (how, deleted) =>
    withHouse(async (house) => {
      const ada = gitea.tokenOf('ada', 'all')
      await gitea.ask('PUT', at(house, '/collaborators/ada'), { permission: 'write' })
      await gitea.ask('POST', at(house, '/pulls/1/reviews'), { event: 'APPROVED', body: 'yes' }, ada)
      await gitea.merge(house.deploy, 1, how, ada)
      const merged = await gitea.ask<{ merge_commit_sha: string; merged_at: string }>('GET', at(house, '/pulls/1'))
      if (deleted) await gitea.ask('DELETE', at(house, '/branches/main-next'))
      const { drifted } = await house.opened.deploy.read()
      expect(drifted).toEqual([])
      expect(await runsOf(house, 'prod')).toMatchObject([{ status: 'active' }])
      await house.publish()
      expect(await branches(house)).toEqual(['main'])
      expect(await readProposals(house.opened)).toEqual([])
      const head = await house.opened.deploy.head()
      const { problems, publication, proposed } = await publishSpecs(house.opened)
      expect({ problems, publication, proposed }).toEqual({
        problems: [],
        publication: undefined,
        proposed: [],
      })
      expect(await house.opened.deploy.head()).toBe(head)
      const told: Publication[] = []
      await logWithPulls(house.opened)([], (some) => Promise.resolve(told.push(...some)))
      expect(told.flatMap(({ mergedPull }) => mergedPull ?? [])).toEqual([
        {
          ...{ number: 1, url: `${gitea.url}/${gitea.owner}/${house.deploy}/pulls/1` },
          ...{ by: 'ada', approvedBy: ['ada'] },
        },
      ])
      const published = told.find(({ subjects }) => subjects.includes('prod/language/words'))
      // What stands on the head already is not rebased: it becomes the head, and nothing in Git says when or by whom.
      if (how === 'rebase') expect(published).toMatchObject({ commit: merged.merge_commit_sha, merge: { by: null } })
      else {
        expect(published?.merge?.by).toEqual({
          commit: merged.merge_commit_sha,
          who: 'ada <ada@example.com>',
          source: how === 'merge' ? 'author' : 'committer',
        })
        const { commit } = await gitea.ask<{ commit: { committer: { date: string } } }>(
          'GET',
          at(house, `/git/commits/${merged.merge_commit_sha}`),
        )
        expect(published?.at).toEqual(new Date(commit.committer.date))
      }
      expect(await cancelRun(house, 'prod')).toMatchObject([{ applied: true }])
    }),
)

describe('an environment with a branch of its own', () => {
  const own = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace('protections:', 'branch: prod, protections:')]),
  )

  it('has its pull request there, and what is squashed into it runs', () =>
    withHouse(async (house) => {
      const [pull, ...others] = await gitea.ask<readonly (Pull & { base: { ref: string } })[]>(
        'GET',
        at(house, '/pulls?state=all'),
      )
      expect([pull?.base.ref, others]).toEqual(['prod', []])
      expect(pull?.body).toContain('words')
      expect(await branches(house)).toEqual(['main', 'prod', 'prod-next'])
      expect(await readProposals(house.opened)).toMatchObject([{ base: 'prod', pullRequest: { number: 1 } }])
      await gitea.merge(house.deploy, 1, 'squash')
      expect(await runsOf(house, 'prod')).toMatchObject([{ status: 'active' }])
      await house.publish()
      expect(await branches(house)).toEqual(['main', 'prod'])
      expect(await cancelRun(house, 'prod')).toMatchObject([{ applied: true }])
      expect((await house.opened.deploy.read()).drifted).toEqual([])
      expect(await runsOf(house, 'dev')).toMatchObject([{ status: 'active' }])
    }, own))
})

describe('while a pull request waits', () => {
  it('an operation is pushed, and the pull request stays one that can be merged', () =>
    withHouse(async (house) => {
      const [before] = await pulls(house)
      expect(await cancelRun(house, 'dev')).toMatchObject([{ applied: true }])
      const [after] = await pulls(house)
      expect(after?.head.sha).not.toBe(before?.head.sha)
      await gitea.merge(house.deploy, 1, 'squash')
      await house.publish()
      expect((await house.opened.deploy.read()).drifted).toEqual([])
      expect((await runsOf(house, 'dev'))[0]?.status).toBe('cancelling')
      expect(await runsOf(house, 'prod')).toMatchObject([{ status: 'active' }])
    }))

  it('somebody’s commit on its branch is kept', () =>
    withHouse(async (house) => {
      pushByHand(house.deploy, 'main-next', { 'note.md': 'look here\n' })
      pushByHand(house.specs, 'main', { 'specs/2.yaml': words(5) })
      const { proposed } = await publishSpecs(house.opened)
      expect(proposed).toMatchObject([{ kind: 'foreign', foreign: { author: 'Ada <ada@example.com>' } }])
      expect(await readProposals(house.opened)).toMatchObject([{ state: 'foreign' }])
      const [pull] = await pulls(house)
      expect(pull?.head.sha).toBe(proposed[0]?.kind === 'foreign' ? proposed[0].foreign.commit : '')
    }))

  it('whoever ended between the push and the pull request finds it not open, and opens it once', async () => {
    const house = await openForgeHouse(gitea, `killed-${(count += 1)}`, files, { pullRequests: false })
    try {
      // Without a forge: the branch is pushed and nothing is opened, as if the process had been killed there.
      const alone = { ...house.opened, pullRequests: undefined }
      expect((await publishSpecs(alone)).proposed).toMatchObject([{ kind: 'waiting', pull: undefined }])
      await gitea.untilFilled(house.deploy)
      expect(await pulls(house)).toEqual([])
      await Promise.all([house.publish(), house.publish()])
      await house.publish()
      expect(await pulls(house)).toHaveLength(1)
    } finally {
      await house.close()
    }
  })
})
