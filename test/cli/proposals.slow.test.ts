import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { commitFiles, gitIn, writeFiles } from '../support/publisher.ts'
import { environment, type TwoEnvironments, twoEnvironments } from '../support/two-environments.ts'

/* An environment that asks for pull requests, with the command and no forge: a person merges with Git. */

let root: string
let deploy: string
let run: TwoEnvironments['run']
let tree: TwoEnvironments['tree']
let isThere: TwoEnvironments['isThere']
beforeEach(async () => {
  ;({ root, deploy, run, tree, isThere } = await twoEnvironments(', protections: { pullRequest: true }'))
})
function merge(...how: readonly string[]): void {
  const clone = join(root, '..', 'clone')
  gitIn(root, 'clone', '--quiet', deploy, clone)
  gitIn(clone, 'merge', '--quiet', ...how, 'origin/main-next')
  if (how.includes('--squash')) gitIn(clone, 'commit', '--quiet', '--message', 'Squashed')
  gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
}

describe('publishing where prod asks for a pull request', () => {
  it('pushes what is of dev, proposes what is of prod, and says what to open', async () => {
    const { exit, stdout } = await run('publish')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^published [0-9a-f]{10} to \.specyard\/deploy\.git/m)
    expect(stdout).toMatch(/^starts +dev\/language\/letters /m)
    expect(stdout).not.toMatch(/^starts +prod/m)
    expect(stdout).toMatch(
      /^proposed +[0-9a-f]{10} on main-next: open a pull request from main-next to main, and merge it$/m,
    )
    expect(stdout).toMatch(/^proposed: starts +prod\/language\/words /m)
    expect(tree('main')).not.toContain('prod')
    expect(tree('main-next')).toMatch(/environments\/prod\/language\/jobs\/words-/)
  })

  it('says the same to programs', async () => {
    const { stdout } = await run('publish', '--output', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      impact: [expect.stringContaining('dev/language/letters')],
      proposed: [
        {
          state: 'waiting',
          branch: 'main-next',
          base: 'main',
          pull_request: null,
          impact: [expect.stringContaining('prod/language/words')],
        },
      ],
    })
  })

  it.each([
    ['merge', ['--no-ff', '--message', 'Merge']],
    ['squash', ['--squash']],
  ] as const)(
    'by %s it is published, and the next publication deletes the branch and leaves nothing to say',
    async (_how, words) => {
      await run('publish')
      merge(...words)
      expect((await run('diff')).exit).toBe(0)
      expect((await run('publish')).stdout).toMatch(/^merged +the proposal on main-next; its branch is deleted$/m)
      expect(isThere('main-next')).toBe(false)
      const { stdout } = await run('publish')
      expect(stdout).toBe('nothing to publish: the deploy repository already says what the specs say\n')
      expect((await run('drift')).exit).toBe(0)
    },
  )

  it('squashed, the chain says when and by which commit, also when the records are made anew', async () => {
    await run('publish')
    merge('--squash')
    const squashed = gitIn(deploy, 'rev-parse', 'main')
    await run('publish')
    await run('rebuild')
    const { stdout } = await run('trace', 'prod/language/words')
    expect(stdout).toMatch(
      new RegExp(
        `commit [0-9a-f]{10} .* UTC: proposed .* UTC, merged by ${squashed.slice(0, 10)}, a squash or rebase with the committer Ada <ada@example.com>\\)`,
      ),
    )
    expect((await run('trace', squashed)).stdout).toBe(stdout)
  })

  it('takes it back when the specs ask for nothing of it any more', async () => {
    await run('publish')
    await commitFiles(root, { 'specs/words.yaml': null, 'specs/prod.yaml': null })
    expect((await run('publish')).stdout).toMatch(/^withdrawn +the proposal on main-next/m)
    expect(isThere('main-next')).toBe(false)
  })

  it('with problems in the specs leaves what waits as it is', async () => {
    await run('publish')
    const before = gitIn(deploy, 'rev-parse', 'main-next')
    await commitFiles(root, { 'specs/words.yaml': 'kind: Nonsense\n' })
    expect((await run('publish')).exit).toBe(1)
    expect(gitIn(deploy, 'rev-parse', 'main-next')).toBe(before)
  })

  it('leaves a commit of somebody else there as it is, and names it', async () => {
    await run('publish')
    const clone = join(root, '..', 'theirs')
    gitIn(root, 'clone', '--quiet', '--branch=main-next', deploy, clone)
    const theirs = await commitFiles(clone, { 'environments/prod/language/note.md': 'hello\n' })
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main-next')
    const { exit, stdout } = await run('publish')
    expect(exit).toBe(0)
    expect(stdout).toContain(`kept        main-next: it holds commit ${theirs.slice(0, 10)} of Ada <ada@example.com>`)
    expect(gitIn(deploy, 'rev-parse', 'main-next')).toBe(theirs)
  })
})

describe('while it waits', () => {
  it('status and trace say so, and no run of it is known', async () => {
    await run('publish')
    const status = await run('status')
    expect(status.stderr + status.stdout).toContain('proposed, waits for a pull request from main-next to main')
    expect(status.stdout).not.toMatch(/prod\/language\/words +PENDING/)
    const trace = await run('trace', 'prod/language/words')
    expect([trace.exit, trace.stdout]).toEqual([0, expect.stringContaining('proposed, waits for a pull request')])
    expect((await run('trace', 'nobody')).stderr).toContain('RUN_NOT_FOUND')
  })

  it('diff tells what merging will do, and drift calls it none', async () => {
    await run('publish')
    const diff = await run('diff')
    expect([diff.exit, diff.stdout]).toEqual([1, expect.stringContaining('prod/language/words')])
    expect(diff.stdout).not.toContain('dev/language/letters')
    const drift = await run('drift', '--output', 'json')
    expect([drift.exit, JSON.parse(drift.stdout)]).toMatchObject([
      0,
      { drift: [], proposed: [{ branch: 'main-next' }] },
    ])
  })

  it('what today’s compiler makes otherwise is drift until it is proposed, and none while that waits', async () => {
    const inCluster = (server: string): string =>
      environment('prod', ', protections: { pullRequest: true }').replace(
        'cluster: local',
        `cluster: { kubernetes: { context: prod, server: ${server}, namespaces: { language: ml } } }`,
      )
    // Specs outside any commit: drift is then looked for with those of the working tree.
    await writeFiles(root, { 'specs/prod.yaml': inCluster('https://one.example.com') })
    await run('publish')
    merge('--ff-only')
    await run('publish')
    expect((await run('drift')).exit).toBe(0)
    await writeFiles(root, { 'specs/prod.yaml': inCluster('https://two.example.com') })
    expect((await run('drift')).exit).toBe(1)
    await run('publish')
    const { exit, stdout } = await run('drift', '--output', 'json')
    const files = ['applications/prod/language/jobs.yaml']
    expect([exit, JSON.parse(stdout)]).toMatchObject([0, { drift: [], proposed: [{ files }] }])
  })
})
