import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LedgerCommit } from '../../../domain/ledger-history.ts'
import type { Publication } from '../../../domain/publication.ts'
import type { DeployRepository } from '../../../publisher/deploy.ts'
import { change, commitFiles, gitAt, gitIn, request, type TestDeploy, testDeploy } from '../../support/publisher.ts'

/* When what was proposed came to the branch, and whom Git names for it, in real repositories. A person merges with Git itself, as the forges do it. */

const ada = 'Ada <ada@example.com>'
const forge = ['-c', 'user.name=GitHub', '-c', 'user.email=noreply@github.com']
const begun = Date.UTC(2026, 2, 1, 12)
const minutes = (count: number): Date => new Date(begun + count * 60_000)
const run = (name: string): string => `.specyard/ledger/runs/prod/language/${name}.json`
const wanted = (name: string) => ({ [`environments/prod/language/jobs/${name}.yaml`]: 'job: 1\n', [run(name)]: '{}\n' })
const dev = 'environments/dev/language/jobs/one.yaml'

interface Yard extends TestDeploy {
  /** Puts the clock of everybody on so many minutes. */
  at(minute: number): void
  person(...args: readonly string[]): string
  /** The clone of a person, up to date, with what waits. */
  fetched(): string
  propose(name: string): Promise<string>
}

async function yard(): Promise<Yard> {
  let now = minutes(0)
  const repository = await testDeploy({ now: () => now })
  await repository.deploy.publish(request({ [dev]: 'dev: 0\n' }))
  const person = (...args: readonly string[]): string => gitAt(now)(join(repository.folder, 'clone'), ...args)
  return {
    ...repository,
    person,
    at: (minute) => void (now = minutes(minute)),
    fetched: () => {
      const clone = repository.clone()
      gitIn(clone, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*')
      return clone
    },
    propose: async (name) => {
      const asked = await ask(repository.deploy, wanted(name))
      expect(asked.kind).toBe('waiting')
      return 'proposal' in asked ? asked.proposal.commit : ''
    },
  }
}
const ask = (deploy: DeployRepository, files: Readonly<Record<string, string>>) =>
  deploy.propose({
    ...{ asked: true, source: null },
    change: (deployed) => {
      const missing = Object.entries(files).filter(([path, text]) => deployed.files.get(path) !== text)
      return missing.length === 0 ? undefined : change(Object.fromEntries(missing), { subject: 'Publish specs' })
    },
  })

type Way = 'merge' | 'squash' | 'rebase' | 'fast-forward' | 'merge by the forge' | 'squash by the forge'
/** Merges what waits, and pushes; returns the commit by which it came to the branch. */
function mergeBy(way: Way, { fetched, person }: Yard): string {
  const clone = fetched()
  const squash = (...who: readonly string[]): void => {
    person('merge', '--quiet', '--squash', 'origin/main-next')
    person(...who, 'commit', '--quiet', '--message', 'Publish specs (#1)', '--author', 'Specyard <specyard@localhost>')
  }
  const merge = ['merge', '--quiet', '--no-ff', '--message', 'Merge pull request #1', 'origin/main-next']
  if (way === 'merge') person(...merge)
  else if (way === 'merge by the forge') {
    person(...merge)
    // Whose button it was is the author, and the forge commits.
    person(...forge, 'commit', '--quiet', '--amend', '--no-edit')
  } else if (way === 'squash') squash()
  else if (way === 'squash by the forge') squash(...forge)
  else if (way === 'rebase') person('cherry-pick', '--allow-empty', 'origin/main-next')
  else person('merge', '--quiet', '--ff-only', 'origin/main-next')
  person('push', '--quiet', 'origin', 'HEAD:main')
  return gitIn(clone, 'rev-parse', 'HEAD')
}
async function historyOf(deploy: DeployRepository): Promise<readonly LedgerCommit[]> {
  const all: LedgerCommit[] = []
  for await (const commit of (await deploy.ledgerHistory()).read()) all.push(commit)
  return all
}
const toldOf = (log: readonly Publication[], commit: string) => {
  const found = log.find((one) => one.commit === commit)
  return found && { at: found.at, merge: found.merge }
}
const nothingToDo = { source: null, change: () => undefined }

describe('what was proposed and merged', () => {
  it.each([
    ['merge', { who: ada, source: 'author' }],
    ['merge by the forge', { who: ada, source: 'author' }],
    ['squash', { who: ada, source: 'committer' }],
    ['squash by the forge', { who: 'GitHub <noreply@github.com>', source: 'committer' }],
    ['rebase', { who: ada, source: 'committer' }],
  ] as const)('by %s is of the time of that, and names whom that commit names', async (way, said) => {
    const house = await yard()
    house.at(1)
    const commit = await house.propose('words')
    house.at(60)
    const merged = mergeBy(way, house)
    house.at(90)
    await commitFiles(house.clone(), { 'README.md': 'by hand\n' })
    gitIn(house.clone(), 'push', '--quiet', 'origin', 'HEAD:main')
    await house.deploy.publish(nothingToDo)
    await house.deploy.publish(request({ [dev]: 'dev: 1\n' }))
    const told = { at: minutes(60), merge: { branch: 'main', proposedAt: minutes(1), by: { commit: merged, ...said } } }
    expect(toldOf(await house.deploy.log(null), commit)).toEqual(told)
    expect(toldOf(await (await house.another()).log(null), commit)).toEqual(told)
    const history = await historyOf(await house.another())
    expect(history.find((one) => one.commit === commit)).toMatchObject({ ours: true, at: minutes(60) })
    expect(history.filter((one) => one.ours && one.files.has(run('words')))).toHaveLength(1)
  })

  it('by our own commit becoming the head says that neither when nor by whom is known', async () => {
    const house = await yard()
    house.at(1)
    const commit = await house.propose('words')
    house.at(60)
    mergeBy('fast-forward', house)
    const told = { at: minutes(1), merge: { branch: 'main', proposedAt: minutes(1), by: null } }
    expect(toldOf(await house.deploy.log(null), commit)).toEqual(told)
  })

  it('after an operation went through names the merge, and what was pushed names none', async () => {
    const house = await yard()
    house.at(1)
    await house.propose('words')
    house.at(2)
    const operation = await house.deploy.publish(request({ [dev]: 'dev: 1\n' }, { action: 'retry' }))
    const commit = gitIn(house.url, 'rev-parse', 'main-next')
    house.at(60)
    const merged = mergeBy('merge', house)
    const log = await house.deploy.log(null)
    expect(toldOf(log, commit)).toMatchObject({ at: minutes(60), merge: { by: { commit: merged } } })
    expect(toldOf(log, operation?.commit ?? '')).toEqual({ at: minutes(2), merge: undefined })
  })

  it('with a branch that the forge had brought up to date names the merge into the branch, not that into its own', async () => {
    const house = await yard()
    house.at(1)
    const commit = await house.propose('words')
    await commitFiles(house.fetched(), { 'README.md': 'by hand\n' })
    gitIn(house.clone(), 'push', '--quiet', 'origin', 'HEAD:main')
    house.at(30)
    house.person('checkout', '--quiet', '-b', 'next', 'origin/main-next')
    house.person('merge', '--quiet', '--no-edit', 'main')
    house.person('push', '--quiet', 'origin', 'HEAD:main-next')
    house.person('checkout', '--quiet', 'main')
    house.at(60)
    const merged = mergeBy('merge', house)
    expect(toldOf(await house.deploy.log(null), commit)).toMatchObject({
      at: minutes(60),
      merge: { by: { commit: merged, who: ada } },
    })
  })

  it('the wrong way round, the branch into what was proposed, makes nothing merged of what was pushed', async () => {
    const house = await yard()
    house.at(1)
    const commit = await house.propose('words')
    house.fetched()
    house.at(2)
    const pushed = await house.deploy.publish(request({ [run('words')]: '{"other":1}\n' }, { action: 'cancel' }))
    house.at(60)
    const clone = house.fetched()
    house.person('checkout', '--quiet', '-b', 'next', commit)
    house.person('merge', '--quiet', '--no-edit', '--strategy-option=theirs', 'origin/main')
    house.person('push', '--quiet', 'origin', 'HEAD:main')
    expect(gitIn(clone, 'rev-parse', 'HEAD^1')).toBe(commit)
    const log = await house.deploy.log(null)
    expect(toldOf(log, pushed?.commit ?? '')).toEqual({ at: minutes(2), merge: undefined })
    expect(toldOf(log, commit)).toEqual({ at: minutes(1), merge: { branch: 'main', proposedAt: minutes(1), by: null } })
  })

  it('says in its message that it was proposed, and to which branch', async () => {
    const house = await yard()
    await house.propose('words')
    const trailer = '%(trailers:key=Specyard-Proposed-To,valueonly)'
    expect(gitIn(house.url, 'log', '-1', `--format=${trailer}`, 'main-next')).toBe('main')
    expect(gitIn(house.url, 'log', '-1', `--format=${trailer}`, 'main')).toBe('')
    await house.deploy.publish(request({ [dev]: 'dev: 1\n' }))
    expect(gitIn(house.url, 'log', '-1', `--format=${trailer}`, 'main-next')).toBe('main')
  })
})

const ways: readonly Way[] = ['merge', 'squash', 'rebase', 'fast-forward', 'merge by the forge', 'squash by the forge']
const step = fc.oneof(
  fc.record({ kind: fc.constant('merge' as const), way: fc.constantFrom(...ways), operated: fc.boolean() }),
  fc.constantFrom({ kind: 'publish' as const }, { kind: 'by hand' as const }, { kind: 'read' as const }),
)

it('whatever is done, and whenever it is read, what was told bit by bit is what the whole history says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
      const house = await yard()
      const told: Publication[] = []
      const read = async (): Promise<void> => {
        told.push(...(await house.deploy.log(told.at(-1)?.commit ?? null)))
      }
      const merged = new Map<string, { readonly at: Date; readonly commit: string | undefined }>()
      for (const [index, one] of steps.entries()) {
        house.at(10 * index + 1)
        if (one.kind === 'read') await read()
        else if (one.kind === 'publish') await house.deploy.publish(request({ [dev]: `dev: ${index + 1}\n` }))
        else if (one.kind === 'by hand') await house.byHand({ 'README.md': `${index}\n` })
        else {
          await house.propose(`run-${index}`)
          if (one.operated) await house.deploy.publish(request({ [dev]: `dev: ${index + 1}\n` }, { action: 'retry' }))
          const commit = gitIn(house.url, 'rev-parse', 'main-next')
          house.at(10 * index + 5)
          const by = mergeBy(one.way, house)
          const isKnown = one.way !== 'fast-forward'
          merged.set(commit, { at: minutes(10 * index + (isKnown ? 5 : 1)), commit: isKnown ? by : undefined })
          if (index % 2 === 0) await house.byHand({ 'README.md': `${index}\n` })
        }
      }
      await house.deploy.publish(request({ [dev]: 'dev: last\n' }))
      await read()
      const another = await house.another()
      const whole = await another.log(null)
      expect(told).toEqual(whole)
      const times = new Map((await historyOf(another)).map((one) => [one.commit, one]))
      for (const [commit, { at, commit: by }] of merged) {
        expect(toldOf(whole, commit)).toMatchObject({ at, merge: { by: by === undefined ? null : { commit: by } } })
        expect(times.get(commit)).toMatchObject({ ours: true, at })
      }
      expect(whole.filter((one) => one.merge)).toHaveLength(merged.size)
    }),
    { numRuns: 6, seed: 1 },
  )
}, 240_000)
