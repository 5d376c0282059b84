import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Settings, settingsFrom } from '../../../cli/house/settings.ts'
import { openDeploy } from '../../../cli/house/repositories.ts'
import { readDeployed, recallDeployed } from '../../../cli/specs/deployed.ts'
import type { World } from '../../../cli/world.ts'
import type { Change, Deployed } from '../../../domain/publication.ts'
import { bareEnvironment } from '../../support/deploy-options.ts'
import { gitIn } from '../../support/publisher.ts'

let folder = ''
let settings: Settings
const place = () => ({ folder: join(folder, 'cache'), maker: 'f'.repeat(64) })
const kept = () => readdirSync(place().folder).map((name) => join(place().folder, name))

const worldWith = (environment: World['environment']): World => ({
  environment,
  directory: folder,
  stdin: (async function* () {})(),
  stdout: { write: () => true },
  stderr: { write: () => true },
  now: () => new Date(),
  exit: () => undefined,
})
const withGit = () => worldWith(bareEnvironment)
/** A world in which nobody who asks Git gets an answer. */
const withoutGit = () => worldWith({ PATH: join(folder, 'nowhere') })

async function publish(files: Record<string, string>): Promise<void> {
  const deploy = await openDeploy(settings, bareEnvironment, () => new Date())
  const change: Change = new Map(Object.entries(files))
  await deploy.publish({
    source: null,
    change: () => ({ files: change, subject: 'Change', body: '', action: 'register', subjects: [] }),
  })
}

function useSettings(text = ''): void {
  settings = settingsFrom(`apiVersion: specyard.dev/v1\nkind: Settings\n${text}`, folder, {})
}

const recalled = (world: World) => recallDeployed(world, settings, place())
const model = (digit: number) => ({ '.specyard/ledger/models/language/base.json': `{ "format": ${digit} }\n` })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'specyard-deployed-'))
  mkdirSync(place().folder, { mode: 0o700 })
  useSettings()
  await publish(model(1))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What is remembered is what Git says. @returns it */
async function expectSame(): Promise<Deployed> {
  const said = await readDeployed(withGit(), settings)
  expect(await recalled(withGit())).toEqual(said)
  return said
}

describe('what is published, to those who look', () => {
  it('is asked of Git once for each commit', async () => {
    const first = await expectSame()
    expect(await recalled(withoutGit())).toEqual(first)
    await publish(model(2))
    const second = await expectSame()
    expect(second.commit).not.toBe(first.commit)
    expect(await recalled(withoutGit())).toEqual(second)
    // Somebody takes the newer one back.
    gitIn(settings.deployRepository, 'update-ref', 'refs/heads/main', first.commit ?? '')
    expect(await recalled(withoutGit())).toEqual(first)
  })

  it('is asked of Git each time while something waits to be merged, which decides whose a commit is', async () => {
    const { commit } = await expectSame()
    gitIn(settings.deployRepository, 'update-ref', 'refs/specyard/proposed/main', commit ?? '')
    await expect(recalled(withoutGit())).rejects.toMatchObject({ code: 'GIT_MISSING' })
  })

  it('is what Git says when somebody else commits over ours, and when references are packed', async () => {
    await expectSame()
    const clone = join(folder, 'clone')
    gitIn(folder, 'clone', '--quiet', settings.deployRepository, clone)
    writeFileSync(join(clone, '.specyard/ledger/models/language/base.json'), 'by hand\n')
    gitIn(clone, '-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '--quiet', '-am', 'By hand')
    gitIn(clone, 'push', '--quiet', 'origin', 'main')
    const drifted = await expectSame()
    expect(drifted.drifted).toHaveLength(1)
    gitIn(settings.deployRepository, 'pack-refs', '--all')
    expect(await recalled(withoutGit())).toEqual(drifted)
    await publish({ '.specyard/ledger/models/language/other.json': '{}\n' })
    expect((await expectSame()).files.size).toBeGreaterThan(drifted.files.size)
  })

  it('is asked of Git while the branch has no commit, and of another branch anew', async () => {
    await expectSame()
    useSettings('deploy: { branch: other }\n')
    expect(await recalled(withGit())).toEqual({ commit: null, files: new Map(), drifted: [] })
    await publish(model(3))
    expect((await expectSame()).files.size).toBeGreaterThan(0)
  })

  it.each<[string, () => void]>([
    ['it is cut off', () => kept().forEach((file) => truncateSync(file, readFileSync(file).length - 3))],
    [
      'it was changed',
      () => kept().forEach((file) => writeFileSync(file, readFileSync(file, 'utf8').replace('1 }', '2 }'))),
    ],
    ['others may write to it', () => kept().forEach((file) => chmodSync(file, 0o666))],
    ['it is deleted', () => kept().forEach((file) => rmSync(file))],
  ])('is asked of Git again when %s', async (_how, harm) => {
    const said = await expectSame()
    harm()
    await expect(recalled(withoutGit())).rejects.toMatchObject({ code: 'GIT_MISSING' })
    expect(await recalled(withGit())).toEqual(said)
    expect(await recalled(withoutGit())).toEqual(said)
  })

  it.each([
    ['commits are signed', 'deploy: { sign: true }\n'],
    ['the deploy repository is elsewhere', 'deploy: { repository: ./elsewhere.git }\n'],
  ])('is never remembered where %s', async (_where, text) => {
    useSettings(text)
    await recalled(withoutGit()).catch(() => undefined)
    await recalled(withGit()).catch(() => undefined)
    expect(kept()).toEqual([])
  })
})
