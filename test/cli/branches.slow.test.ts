import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openDeploy } from '../../cli/house/repositories.ts'
import { readSettings } from '../../cli/house/settings.ts'
import { publishSpecs } from '../../cli/specs/publish-specs.ts'
import { specFolder } from '../../publisher/spec-repository.ts'
import { bareEnvironment, gitIn, writeFiles } from '../support/publisher.ts'
import { environment, training, type TwoEnvironments, twoEnvironments } from '../support/two-environments.ts'

/* An environment with a branch of its own, with the command: what is published, said, drawn up and looked at. */

const inCluster = (name: string, more: string): string =>
  environment(name, more).replace(
    'cluster: local, images: { example/trainer: trainer }',
    `cluster: { kubernetes: { context: ${name}, namespaces: { language: ml } } }`,
  )
let root: string
let deploy: string
let run: TwoEnvironments['run']
let tree: TwoEnvironments['tree']
beforeEach(async () => {
  ;({ root, deploy, run, tree } = await twoEnvironments(', branch: prod'))
})

describe('publishing where prod has a branch of its own', () => {
  it('lands on both, says so, and has nothing to publish after it', async () => {
    const { exit, stdout } = await run('publish')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^published [0-9a-f]{10} on main, .*[0-9a-f]{10} on prod to \.specyard\/deploy\.git/m)
    expect(stdout).toMatch(/^starts +dev\/language\/letters /m)
    expect(stdout).toMatch(/^starts +prod\/language\/words /m)
    expect(tree('main')).not.toMatch(/\bprod\b/)
    expect(tree('prod')).not.toMatch(/\bdev\b/)
    expect(tree('prod')).toMatch(/environments\/prod\/language\/jobs\/words-/)
    expect(gitIn(deploy, 'log', '-1', '--format=%B', 'prod')).toMatch(
      /Specyard-Subject: prod\/language\/words\nSpecyard-Spec: specs\/words.yaml/,
    )
    expect(gitIn(deploy, 'log', '-1', '--format=%B', 'main')).not.toContain('words')
    expect((await run('publish')).stdout).toMatch(/^nothing to publish/)
    expect((await run('diff')).exit).toBe(0)
    expect((await run('drift')).exit).toBe(0)
    expect((await run('check')).exit).toBe(0)
  })

  it('proposes on its own branch what waits for a pull request there', async () => {
    await writeFiles(root, {
      'specs/prod.yaml': environment('prod', ', branch: prod, protections: { pullRequest: true }'),
    })
    const { stdout } = await run('publish')
    expect(stdout).toMatch(
      /^proposed +[0-9a-f]{10} on prod-next: open a pull request from prod-next to prod, and merge it$/m,
    )
    expect(stdout).toMatch(/^proposed: starts +prod\/language\/words /m)
    expect(stdout).not.toMatch(/^starts +prod/m)
    expect(tree('prod')).not.toContain('words')
    expect(JSON.parse((await run('drift', '--output', 'json')).stdout)).toMatchObject({
      drift: [],
      proposed: [{ branch: 'prod-next' }],
    })
    gitIn(deploy, 'update-ref', 'refs/heads/prod', 'refs/heads/prod-next')
    expect((await run('publish')).stdout).toMatch(/^merged +the proposal on prod-next/m)
  })

  it('says in each pull request what that one does, and not what waits for others', async () => {
    const asks = ', protections: { pullRequest: true }'
    await writeFiles(root, {
      'specs/prod.yaml': environment('prod', `, branch: prod${asks}`),
      'specs/dev.yaml': environment('dev', asks),
    })
    const variables = { ...bareEnvironment, HOME: root }
    const settings = await readSettings(root, variables)
    const texts = new Map<string, string>()
    const { proposed } = await publishSpecs({
      ...{ settings, specs: specFolder(settings.root, variables) },
      deploy: await openDeploy(settings, variables, () => new Date()),
      pullRequests: {
        put: ({ base }, text) => {
          texts.set(base, text)
          return Promise.resolve({ kind: 'open', number: texts.size, url: 'https://git.example.com/1' })
        },
        find: () => Promise.resolve(undefined),
        merged: () => Promise.resolve(new Map()),
        close: () => Promise.resolve(),
      },
    })
    expect(proposed.map((one) => one.kind === 'waiting' && one.effects)).toEqual([
      [expect.stringContaining('dev/language/letters')],
      [expect.stringContaining('prod/language/words')],
    ])
    expect(texts.get('main')).toContain('letters')
    expect(texts.get('main')).not.toContain('words')
    expect(texts.get('prod')).toContain('words')
    expect(texts.get('prod')).not.toContain('letters')
  })

  it('refuses another branch while something runs there, and says what to do', async () => {
    await run('publish')
    await writeFiles(root, { 'specs/prod.yaml': environment('prod', ', branch: production') })
    const { exit, stdout } = await run('publish')
    expect([exit, stdout]).toEqual([1, expect.stringContaining('BRANCH_MOVED')])
    expect(stdout).toContain('keep branch: prod until')
  })

  it('says what was edited by hand there', async () => {
    await run('publish')
    const clone = join(root, '..', 'clone')
    gitIn(root, 'clone', '--quiet', '--branch=prod', deploy, clone)
    const path = gitIn(clone, 'ls-files', 'environments/prod/language/jobs/words*')
    await writeFiles(clone, { [path]: 'edited: true\n' })
    gitIn(clone, 'commit', '--quiet', '--all', '--message', 'By hand')
    gitIn(clone, 'push', '--quiet', 'origin', 'prod')
    const { exit, stdout } = await run('drift')
    expect([exit, stdout]).toEqual([1, expect.stringContaining(`${path}`)])
    expect(stdout).toContain('edited by Ada')
  })

  it('makes one history of both when the records are lost', async () => {
    await run('publish')
    await writeFiles(root, { 'specs/words.yaml': training('words', 'prod', 4) })
    await run('publish')
    await writeFiles(root, { 'specs/letters.yaml': training('letters', 'dev', 4) })
    await run('publish')
    const { exit, stdout } = await run('rebuild', '--output', 'json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      complete: true,
      rebuilt: { runs: 4, goingOn: 4, dropped: 0, attempts: 4, known: 0, publications: 6 },
    })
  })
})

describe('bootstrap', () => {
  it('draws up the root Application of each environment over its own branch, and checks the rights on each', async () => {
    await writeFiles(root, {
      'specs/dev.yaml': inCluster('dev', ''),
      'specs/prod.yaml': inCluster('prod', ', branch: prod, protections: { pullRequest: true }'),
    })
    const { stdout } = await run('bootstrap')
    const roots = stdout.split('---\n')
    expect(roots.find((one) => one.includes('dev.applications'))).toContain('targetRevision: "main"')
    expect(roots.find((one) => one.includes('prod.applications'))).toContain('targetRevision: "prod"')
    await run('publish')
    const { stdout: checked } = await run('bootstrap', '--check')
    expect(checked).toMatch(/ok +branch main, now at [0-9a-f]{10}, can be read and pushed to/)
    expect(checked).toMatch(/ok +branch prod, now at [0-9a-f]{10}, can be read and pushed to/)
    expect(checked).toMatch(/ok +branch prod-next, for pull requests to prod, now at [0-9a-f]{10}, can be pushed to/)
    expect(checked).toMatch(
      /ok +refs\/specyard\/proposed\/prod, for pull requests to prod, now at [0-9a-f]{10}, can be pushed to/,
    )
    expect(checked).not.toContain('main-next')
  })
})
