import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ActionRun, commandsIn, runAction } from '../../support/action.ts'
import { createSpecFolder, type SpecFolder } from '../../support/check.ts'
import { sourcesOf, training } from '../../support/compiler.ts'
import { type Forge, startForge } from '../../support/forge.ts'
import { builtProgram } from '../../support/main-job/built.ts'
import { commitAll } from '../../support/snapshot.ts'

/* The steps of our action, run as a runner does, on the merge commit of a pull request in a shallow clone; the forge alone is not the real one. */

const root = join(import.meta.dirname, '..', '..', '..')
const token = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz'
const folder = mkdtempSync(join(tmpdir(), 'specyard-action-'))
const command = builtProgram().words.join(' ')
let forge: Forge
let specs: SpecFolder
let runs = 0

beforeAll(async () => {
  forge = await startForge(token)
  specs = createSpecFolder('action')
  specs.write({
    'specs/environments.yaml': new TextDecoder().decode(sourcesOf([])[0]?.bytes),
    'specs/one.yaml': training('one'),
  })
  commitAll(specs.path, 'Begin')
})
beforeEach(() => {
  forge.mode = 'workflow'
  forge.comments.length = 0
  forge.requests.length = 0
})
afterAll(async () => {
  await forge.close()
  specs.remove()
  rmSync(folder, { recursive: true, force: true })
})

const git = (...words: readonly string[]): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'advice.detachedHead=false', ...words],
    { cwd: specs.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  ).trim()

/** Opens a pull request with these files, and gives its event and a checkout of its merge commit, as actions/checkout leaves it. */
function pullRequest(files: Readonly<Record<string, string>>): { event: object; workspace: string } {
  git('checkout', '--quiet', '-B', 'change', 'main')
  specs.write(files)
  const head = commitAll(specs.path, 'A change')
  const base = git('rev-parse', 'main')
  git('checkout', '--quiet', '--detach', 'main')
  git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'change')
  git('update-ref', 'refs/pull/7/merge', 'HEAD')
  git('config', 'uploadpack.allowAnySHA1InWant', 'true')
  const workspace = join(folder, `workspace-${(runs += 1)}`)
  execFileSync('git', ['init', '--quiet', workspace])
  execFileSync('git', ['remote', 'add', 'origin', `file://${specs.path}`], { cwd: workspace })
  execFileSync('git', ['fetch', '--quiet', '--depth=1', 'origin', 'refs/pull/7/merge'], { cwd: workspace })
  execFileSync('git', ['checkout', '--quiet', 'FETCH_HEAD'], { cwd: workspace, stdio: 'ignore' })
  return { workspace, event: { number: 7, pull_request: { number: 7, base: { sha: base }, head: { sha: head } } } }
}

const act = (
  { event, workspace }: { event: object; workspace: string },
  inputs: Readonly<Record<string, string>> = {},
): Promise<ActionRun> =>
  runAction({
    action: root,
    workspace,
    folder: join(folder, `run-${(runs += 1)}`),
    inputs: { command, ...inputs },
    event,
    token,
    api: forge.api,
  })

describe('the action, on a pull request', () => {
  it('says what the change would start, in a comment and in the summary, and is fine', async () => {
    const pull = pullRequest({ 'specs/two.yaml': training('two') })
    const { failed, outputs, log, summary } = await act(pull)
    expect(failed, log).toBeUndefined()
    expect(outputs).toMatchObject({ problems: '0', changed: 'true' })
    expect(forge.comments.map((one) => one.body)).toEqual([summary])
    expect(summary).toMatch(/^<!-- specyard diff -->\n\n### Specyard: 1 run starts/)
    expect(summary).toContain('two')
    expect(log).toContain('comment created: https://github.example/comments/')
    expect(log).not.toContain(token)
  })

  it('writes the same comment anew when the change goes on, and leaves it alone when it does not', async () => {
    await act(pullRequest({ 'specs/two.yaml': training('two') }))
    const pull = pullRequest({ 'specs/two.yaml': training('two'), 'specs/three.yaml': training('three') })
    expect((await act(pull)).log).toContain('comment updated')
    expect(forge.comments).toHaveLength(1)
    expect(forge.comments[0]?.body).toContain('2 runs start')
    expect((await act(pull)).log).toContain('comment unchanged')
    expect(forge.requests.filter((one) => !one.startsWith('GET'))).toHaveLength(2)
  })

  it('fails on a problem, annotates its line and tells it in the comment', async () => {
    const { failed, outputs, log, summary } = await act(
      pullRequest({ 'specs/two.yaml': training('two', '  nodes: 0\n') }),
    )
    expect({ failed, outputs }).toMatchObject({ failed: 'verdict', outputs: { problems: '1', changed: '' } })
    expect(log).toMatch(/^::error file=specs\/two\.yaml,line=12,col=10,endColumn=11,title=VALUE_OUT_OF_RANGE::/m)
    expect(summary).toContain('1 problem, nothing can be published')
    expect(forge.comments).toHaveLength(1)
  })

  it('for a fork, whose token may only read, has the summary and is fine', async () => {
    forge.mode = 'fork'
    const { failed, log, summary } = await act(pullRequest({ 'specs/two.yaml': training('two') }))
    expect(failed, log).toBeUndefined()
    expect(log).toContain('::notice title=Specyard::the token may not comment on pull request 7 (status 403)')
    expect(summary).toContain('1 run starts')
    expect(forge.comments).toEqual([])
  })

  it('is fine with a warning while the forge is broken', async () => {
    forge.mode = 'broken'
    const { failed, log } = await act(pullRequest({ 'specs/two.yaml': training('two') }))
    expect(failed, log).toBeUndefined()
    expect(log).toContain('FORGE_UNREACHABLE')
    expect(log).toContain('::warning title=Specyard::the comment could not be written')
    expect(log).not.toContain(token)
  })

  it('keeps a comment for each spec repository of one pull request, told apart by their keys', async () => {
    const pull = pullRequest({ 'specs/two.yaml': training('two') })
    await act(pull, { key: 'vision' })
    await act(pull, { key: 'speech' })
    expect((await act(pull, { key: 'vision' })).log).toContain('comment unchanged')
    expect(forge.comments.map((one) => one.body.split('\n')[0])).toEqual([
      '<!-- specyard diff vision -->',
      '<!-- specyard diff speech -->',
    ])
  })

  it('leaves out what it is told to, and fails on untidy specs where that is asked', async () => {
    const pull = pullRequest({ 'specs/two.yaml': training('two').replace('spec:\n', 'spec:\n\n\n') })
    const silent = await act(pull, { diff: 'false' })
    expect(silent).toMatchObject({ failed: undefined, summary: '', outputs: { changed: '', comment: '' } })
    expect(forge.requests).toEqual([])
    const untidy = await act(pull, { format: 'true', comment: 'false' })
    expect(untidy.failed).toBe('verdict')
    expect(untidy.log).toContain('--- specs/two.yaml')
    expect(forge.requests).toEqual([])
  })

  it('takes no line of a spec for a command to the runner', async () => {
    const more =
      '  nodes: 0\n  env:\n    TEXT:   |\n      ::error title=SPEC::said by a spec\n      ##[set-output name=code]0\n'
    const pull = pullRequest({ 'specs/two.yaml': training('two', more) })
    const { failed, log } = await act(pull, { format: 'true' })
    expect(failed).toBe('verdict')
    expect(log).toMatch(/^ {7}::error title=SPEC::/m)
    expect(commandsIn(log)).toEqual([
      expect.stringMatching(/^::error file=specs\/two\.yaml,.*title=VALUE_OUT_OF_RANGE::/),
      '::error title=FORMAT::specs are not laid out; run specyard fmt',
    ])
  })

  it('of a folder without specs says that alone', async () => {
    const pull = pullRequest({ 'specs/two.yaml': training('two') })
    execFileSync('rm', ['specyard.yaml'], { cwd: pull.workspace })
    const { failed, outputs, log, summary } = await act(pull, { format: 'true' })
    expect({ failed, outputs, summary }).toEqual({
      failed: 'verdict',
      outputs: { problems: '', changed: '', comment: '' },
      summary: '',
    })
    expect(commandsIn(log)).toEqual([
      expect.stringMatching(/^::error title=NOT_A_SPEC_REPOSITORY::there is no specyard/),
    ])
  })

  it('of settings that are wrong says what is wrong with them, and nothing of the deploy repository or the layout', async () => {
    const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\ncolour: blue\n'
    const pull = pullRequest({ 'specyard.yaml': settings })
    const { failed, outputs, log } = await act(pull, { format: 'true' })
    expect({ failed, outputs }).toMatchObject({
      failed: 'verdict',
      outputs: { problems: '1', changed: '', comment: '' },
    })
    expect(commandsIn(log)).toEqual([expect.stringMatching(/^::error file=specyard\.yaml,line=3,/)])
  })

  it('fails on a folder that is not there, also below one that holds specs', async () => {
    const pull = pullRequest({ 'specs/two.yaml': training('two') })
    const { failed, outputs, log } = await act(pull, { directory: 'team' })
    expect({ failed, outputs }).toMatchObject({ failed: 'verdict', outputs: { problems: '', changed: '' } })
    expect(log).toContain('error: there is no folder')
  })

  it('gives Git no base that is an option', async () => {
    const proof = join(folder, 'proof')
    const pull = pullRequest({ 'specs/two.yaml': training('two') })
    const { failed, log, summary } = await act(pull, { base: `--upload-pack=touch ${proof};` })
    expect({ failed, summary }).toEqual({ failed: undefined, summary: '' })
    expect(log).toContain('there is no revision to hold the change against')
    expect(existsSync(proof)).toBe(false)
  })
})

describe('the action, in a merge queue', () => {
  it('holds the change against what it would be merged into', async () => {
    const { workspace, event } = pullRequest({ 'specs/two.yaml': training('two') })
    const { pull_request: pull } = event as { pull_request: { base: { sha: string } } }
    const { failed, log, summary } = await act({ workspace, event: { merge_group: { base_sha: pull.base.sha } } })
    expect(failed, log).toBeUndefined()
    expect(summary).toContain('1 run starts')
  })
})

describe('the action, on a push', () => {
  it('tells the impact of what was pushed in the summary, and comments nowhere', async () => {
    const { workspace, event } = pullRequest({ 'specs/two.yaml': training('two') })
    const before = (event as { pull_request: { base: { sha: string } } }).pull_request.base.sha
    const { failed, log, summary } = await act({ workspace, event: { before } })
    expect(failed, log).toBeUndefined()
    expect(summary).toContain('1 run starts')
    expect(log).toContain('no pull request')
    expect(forge.requests).toEqual([])
  })

  it('of a new branch has nothing to hold it against, and says so', async () => {
    const { workspace } = pullRequest({ 'specs/two.yaml': training('two') })
    const { failed, log, summary } = await act({ workspace, event: { before: '0'.repeat(40) } })
    expect({ failed, summary }).toEqual({ failed: undefined, summary: '' })
    expect(log).toContain('there is no revision to hold the change against')
  })
})
