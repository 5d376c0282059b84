import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDeploy } from '../../cli/house/repositories.ts'
import { gitEnvironment } from '../../cli/house/environment.ts'
import { readSettings } from '../../cli/house/settings.ts'
import { specyard } from '../support/cli.ts'
import { bareEnvironment } from '../support/publisher.ts'
import { published, serving, spec } from '../support/rollouts.ts'

/* Rollouts straight over the deploy repository: no process runs here, and there is no database. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'specyard-rollout-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const run = (...words: readonly string[]) => specyard(folder, words)

beforeAll(async () => {
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  const deploy = await openDeploy(await readSettings(folder, {}), gitEnvironment(bareEnvironment), () => new Date())
  const { files } = published(serving(), spec(2))
  const publication = { subject: 'Publish specs', body: '', action: 'publication', subjects: [], files }
  await deploy.publish({ source: null, change: () => publication })
})

describe('specyard rollout without anything that runs', () => {
  it('shows the rollout, and that nobody looks at the cluster', async () => {
    const { exit, stdout } = await run('rollout', 'letters')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/canary under way\n\n {2}stable .*80 % {2}not looked at now\n {2}candidate .*20 %/)
  })

  it('moves it by one commit, which it prints', async () => {
    const { exit, stdout } = await run('rollout', 'dev/language/letters', 'set', '35', '--output', 'json')
    const moved = JSON.parse(stdout) as { commit: string; rollout: { candidate: { weight: number } } }
    expect([exit, moved.rollout.candidate.weight]).toEqual([0, 35])
    expect(moved.commit).toMatch(/^[0-9a-f]{40}$/)
    expect((await run('rollout', 'language/letters', 'status', '-o', 'yaml')).stdout).toMatch(/weight: 35/)
  })

  it('a step that is not possible changes nothing, says why and ends with 2', async () => {
    const again = await run('rollout', 'letters', 'set', '35')
    expect([again.exit, again.stderr]).toEqual([2, expect.stringContaining('OPERATION_DROPPED')])
    expect((await run('rollout', 'letters', 'set')).exit).toBe(2)
    expect((await run('rollout', 'letters', 'jump')).exit).toBe(2)
  })

  it('goes back, and says how the hold is lifted', async () => {
    const { exit, stdout } = await run('rollback', 'letters')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^commit [0-9a-f]{40}\n\ndev\/language\/letters {2}rolled back, and held\n/)
    expect(stdout).toContain('until a person lifts the hold:\n    specyard rollout dev/language/letters resume\n')
    expect((await run('rollout', 'letters', 'resume')).stdout).toContain('canary under way')
  })

  it('an endpoint that nobody knows is told as that', async () => {
    const { exit, stderr } = await run('rollback', 'none')
    expect([exit, stderr]).toEqual([3, expect.stringContaining('ENDPOINT_NOT_FOUND')])
  })
})

describe('specyard status', () => {
  it('shows a rollout, and goes without where the deploy repository cannot be read', async () => {
    expect((await run('status')).stdout).toMatch(/letters {2}canary under way\n\n {2}stable +revision 1/)
    const nowhere = "deploy: { repository: 'http://127.0.0.1:1/deploy.git' }\n"
    writeFileSync(join(folder, 'specyard.yaml'), `apiVersion: specyard.dev/v1\nkind: Settings\n${nowhere}`)
    const { exit, stdout, stderr } = await run('status')
    expect([exit, stderr]).toEqual([0, expect.stringContaining('note: rollouts are not told: ')])
    expect(stdout).toMatch(/^RUN +STATE/)
  })
})
