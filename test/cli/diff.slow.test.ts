import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { specyard } from '../support/cli.ts'
import { gpuEndpoint, gpuEnvironments, gpuTraining } from '../support/impact.ts'
import { commitFiles, gitIn, temporaryFolder, workRepository, writeFiles } from '../support/publisher.ts'

const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\n'
const files = {
  'specyard.yaml': settings,
  '.gitignore': '.specyard/\n',
  'specs/environments.yaml': gpuEnvironments,
  'specs/letters.yaml': gpuTraining('letters'),
  'specs/served.yaml': gpuEndpoint('served'),
}
const longer = gpuTraining('letters', '  nodes: 2\n')

async function repository(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'specs')
  return workRepository(folder, { ...files, ...more })
}

const summary = ({ stdout }: { stdout: string }): string => (JSON.parse(stdout) as { summary: string }).summary

describe('specyard diff', () => {
  it('ends with 0 without a difference, 1 with one, 2 for problems and wrong use, and 3 when the world fails', async () => {
    const root = await repository()
    const first = await specyard(root, ['diff'])
    expect([first.exit, first.stderr]).toEqual([1, ''])
    expect(first.stdout).toContain('1 run starts, 1 endpoint waits for a model')
    // Who only looks leaves nothing behind.
    expect(readdirSync(root).sort()).toEqual(['.git', '.gitignore', 'specs', 'specyard.yaml'])
    expect((await specyard(root, ['publish'])).exit).toBe(0)
    const same = await specyard(root, ['diff'])
    expect([same.exit, same.stdout]).toEqual([0, 'no difference between what is published and the working tree\n'])
    await writeFiles(root, { 'specs/letters.yaml': longer })
    expect((await specyard(root, ['diff'])).exit).toBe(1)
    await writeFiles(root, { 'specs/letters.yaml': 'kind: Nonsense\n' })
    for (const output of ['human', 'json', 'markdown']) {
      const broken = await specyard(root, ['diff', '--output', output])
      expect([output, broken.exit]).toEqual([output, 2])
      expect(broken.stdout).toMatch(/KIND_UNKNOWN|KIND\\_UNKNOWN/)
      // People see the line that is meant, as check shows it.
      if (output === 'human') expect(broken.stdout).toMatch(/1 │ kind: Nonsense\n +│ +\^{8}\n/)
    }
    expect((await specyard(root, ['diff', 'a', 'b', 'c'])).exit).toBe(2)
    expect((await specyard(root, ['diff', 'a..b', 'c'])).exit).toBe(2)
    await commitFiles(root, { 'specyard.yaml': 'nonsense: [\n' })
    await commitFiles(root, { 'specyard.yaml': settings })
    const older = await specyard(root, ['diff', 'HEAD~1', 'HEAD'])
    expect([older.exit, older.stderr]).toMatchObject([
      3,
      expect.stringContaining('in revision HEAD~1: specyard.yaml:2:1'),
    ])
    const unknown = await specyard(root, ['diff', 'no-such-branch'])
    expect([unknown.exit, unknown.stderr]).toMatchObject([3, expect.stringContaining('REVISION_UNKNOWN')])
    const outside = await specyard(await temporaryFolder(), ['diff'])
    expect([outside.exit, outside.stderr]).toMatchObject([3, expect.stringContaining('NOT_A_SPEC_REPOSITORY')])
  })

  it.each([
    ['is not there', () => {}, ['.git', '.gitignore', 'specs', 'specyard.yaml']],
    [
      'is an empty folder',
      (root: string) => mkdirSync(join(root, '.specyard/deploy.git'), { recursive: true }),
      ['.git', '.gitignore', '.specyard', 'specs', 'specyard.yaml'],
    ],
  ] as const)(
    'and drift say that nothing is published where the deploy repository %s, and make none',
    async (_sentence, prepare, stands) => {
      const root = await repository()
      prepare(root)
      const drift = await specyard(root, ['drift'])
      expect([drift.exit, drift.stdout]).toMatchObject([
        0,
        expect.stringMatching(/^no drift: nothing is published yet\n\n2 runs or endpoints are not published as /),
      ])
      expect((await specyard(root, ['diff'])).exit).toBe(1)
      expect(readdirSync(root).sort()).toEqual(stands)
      if ((stands as readonly string[]).includes('.specyard'))
        expect(readdirSync(join(root, '.specyard/deploy.git'))).toEqual([])
    },
  )

  it('refuses a revision without a name, as of a variable that is not set, and says what to write', async () => {
    const root = await repository()
    for (const words of [[''], ['main', ''], ['', 'main'], [' ']]) {
      const { exit, stdout, stderr } = await specyard(root, ['diff', ...words])
      expect([words, exit, stdout, stderr]).toEqual([
        words,
        2,
        '',
        expect.stringContaining('error: a revision has no name'),
      ])
      expect(stderr).toContain('. for the working tree')
    }
  })

  it('of two revisions tells what the newer one adds, however little of the older one is published', async () => {
    const root = await repository()
    gitIn(root, 'checkout', '--quiet', '-b', 'change')
    await commitFiles(root, { 'specs/letters.yaml': longer })
    gitIn(root, 'checkout', '--quiet', 'main')
    await commitFiles(root, { 'specs/other.yaml': gpuTraining('other') })
    const both = await specyard(root, ['diff', 'main..change', '--output', 'json'])
    expect(summary(both)).toMatch(/^2 runs stop, 1 run starts/)
    const added = await specyard(root, ['diff', 'main...change', '--output', 'json'])
    expect(summary(added)).toMatch(/^1 run stops, 1 run starts/)
    const swapped = await specyard(root, ['diff', 'change', 'main', '--output', 'json'])
    expect(summary(swapped)).toMatch(/^1 run stops, 2 runs start/)
    const tree = await specyard(root, ['diff', 'change', '.', '--output', 'json'])
    expect(JSON.parse(tree.stdout)).toMatchObject({ head: { label: 'the working tree' }, base: { label: 'change' } })
    expect(summary(tree)).toBe(summary(swapped))
    expect(readdirSync(join(root, 'specs')).sort()).toEqual([
      'environments.yaml',
      'letters.yaml',
      'other.yaml',
      'served.yaml',
    ])
  })

  it('finds no difference in a spec that is renamed or moved, and a stop in one that is deleted', async () => {
    const root = await repository()
    expect((await specyard(root, ['publish'])).exit).toBe(0)
    gitIn(root, 'mv', 'specs/letters.yaml', 'specs/renamed.yaml')
    gitIn(root, 'commit', '--quiet', '--message', 'Rename')
    const renamed = await specyard(root, ['diff', 'HEAD~1..HEAD'])
    expect([renamed.exit, renamed.stdout]).toEqual([0, 'no difference between HEAD~1 and HEAD\n'])
    await commitFiles(root, { 'specs/renamed.yaml': null })
    const deleted = await specyard(root, ['diff', 'HEAD'])
    expect(deleted.exit).toBe(1)
    expect(deleted.stdout).toMatch(
      /Stops\n {2}prod\/language\/letters[^\n]*\n {4}its spec is gone, frees 2 A100\n {4}how far it is: unknown, no database/,
    )
    expect(deleted.stdout).toContain('Pruned\n  Job letters-')
  })

  it('writes the same comment for the same change, however often and from wherever it is asked', async () => {
    const root = await repository()
    gitIn(root, 'checkout', '--quiet', '-b', 'change')
    await commitFiles(root, { 'specs/letters.yaml': longer })
    const args = ['diff', 'main...change', '--output', 'markdown']
    const first = await specyard(root, args)
    const clone = join(await temporaryFolder(), 'clone')
    gitIn(root, 'clone', '--quiet', '--branch', 'change', root, clone)
    gitIn(clone, 'branch', 'main', 'origin/main')
    const elsewhere = await specyard(clone, args)
    // Rebased on a change of something else it is still the same change.
    gitIn(root, 'checkout', '--quiet', 'main')
    await commitFiles(root, { 'README.md': 'specs' })
    gitIn(root, 'rebase', '--quiet', 'main', 'change')
    const rebased = await specyard(root, args)
    expect(first.stdout).toMatch(/^<!-- specyard diff -->\n\n### Specyard: 1 run stops, 1 run starts/)
    expect([elsewhere.stdout, rebased.stdout]).toEqual([first.stdout, first.stdout])
  })

  it('offline asks nobody, and takes nothing for published', async () => {
    const root = await repository({
      'specyard.yaml': `${settings}deploy: { repository: 'https://127.0.0.1:1/nobody.git' }\n`,
    })
    expect((await specyard(root, ['diff'])).exit).toBe(3)
    const offline = await specyard(root, ['diff', '--offline'])
    expect([offline.exit, offline.stderr]).toEqual([1, ''])
    expect(offline.stdout).toContain('the working tree against nothing')
  })

  it('asks the deploy repository of the older revision, where a change names another one', async () => {
    const root = await repository()
    gitIn(root, 'checkout', '--quiet', '-b', 'elsewhere')
    await commitFiles(root, {
      'specyard.yaml': `${settings}deploy: { repository: 'https://127.0.0.1:1/nobody.git' }\n`,
    })
    const told = await specyard(root, ['diff', 'main...elsewhere', '--output', 'json'])
    expect(told.exit).toBe(1)
    const { files: changed } = JSON.parse(told.stdout) as { files: { path: string; diff: string }[] }
    expect(changed.find((one) => one.path === 'applications/prod/language/jobs.yaml')?.diff).toContain(
      '+    repoURL: "https://127.0.0.1:1/nobody.git"',
    )
  })
})

it('a pull request that changes 1,000 specs gets one comment of fewer than 60,000 characters', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `training-${String(index).padStart(4, '0')}`)
  const specs = (more: string) =>
    Object.fromEntries(names.map((name) => [`specs/${name}.yaml`, gpuTraining(name, more)]))
  const root = await repository(specs(''))
  gitIn(root, 'checkout', '--quiet', '-b', 'change')
  await commitFiles(root, specs('  nodes: 3\n'))
  const { exit, stdout } = await specyard(root, ['diff', 'main...change', '--output', 'markdown'])
  expect(exit).toBe(1)
  expect(stdout.length).toBeLessThan(60_000)
  expect(stdout).toContain(
    '### Specyard: 1,000 runs stop, 1,000 runs start; at most 24,000 GPU-hours, cost at most 60,000',
  )
  expect(stdout).toMatch(/\n\n<\/details>\n$/)
})

describe('specyard compile --rev', () => {
  const manifest = ({ stdout }: { stdout: string }): string | undefined =>
    /^# (environments\/.*\/jobs\/letters-.*)$/m.exec(stdout)?.[1]

  it('compiles a commit that is not checked out, and leaves the working tree as it is', async () => {
    const root = await repository()
    const before = await specyard(root, ['compile'])
    await commitFiles(root, { 'specs/letters.yaml': longer })
    await writeFiles(root, { 'specs/letters.yaml': 'kind: Nonsense\n' })
    expect((await specyard(root, ['compile'])).exit).toBe(1)
    const [older, newer] = [
      await specyard(root, ['compile', '--rev', 'HEAD~1']),
      await specyard(root, ['compile', '--rev', 'main']),
    ]
    expect([older.exit, newer.exit]).toEqual([0, 0])
    expect(older.stdout).toBe(before.stdout)
    expect(manifest(newer)).not.toBe(manifest(older))
    expect(readFileSync(join(root, 'specs/letters.yaml'), 'utf8')).toBe('kind: Nonsense\n')
  })

  it('reads a shallow clone as far as it goes, a clone without a work tree, a bare one, and a folder of a larger repository', async () => {
    const root = await repository()
    const whole = await specyard(root, ['compile'])
    await commitFiles(root, { 'specs/letters.yaml': longer })
    const parent = await temporaryFolder()
    gitIn(parent, 'clone', '--quiet', '--depth=1', `file://${root}`, 'shallow')
    gitIn(parent, 'clone', '--quiet', '--no-checkout', root, 'empty')
    gitIn(parent, 'clone', '--quiet', '--bare', root, 'bare.git')
    const state = { SPECYARD_STATE: join(parent, 'state') }
    const shallow = join(parent, 'shallow')
    expect((await specyard(shallow, ['compile', '--rev', 'HEAD'], state)).exit).toBe(0)
    const cut = await specyard(shallow, ['compile', '--rev', 'HEAD~1'], state)
    expect([cut.exit, cut.stderr]).toMatchObject([3, expect.stringContaining('git fetch --unshallow')])
    const mergeBase = await specyard(shallow, ['diff', 'HEAD~1...HEAD'], state)
    expect([mergeBase.exit, mergeBase.stderr]).toMatchObject([3, expect.stringContaining('fetch-depth: 0')])
    for (const clone of ['empty', 'bare.git']) {
      const compiled = await specyard(join(parent, clone), ['compile', '--rev', 'HEAD~1'], state)
      expect([clone, compiled.exit, compiled.stdout]).toEqual([clone, 0, whole.stdout])
    }
    const large = await workRepository(
      join(parent, 'large'),
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`ml/${path}`, text])),
    )
    for (const at of ['ml', 'ml/specs']) {
      const compiled = await specyard(join(large, at), ['compile', '--rev', 'HEAD'], state)
      expect([at, compiled.exit, compiled.stdout]).toEqual([at, 0, whole.stdout])
    }
  })
})

describe('specyard drift', () => {
  it('ends with 0 where nothing drifts, and names what somebody edited, and what specs say that is not published yet', async () => {
    const root = await repository()
    expect((await specyard(root, ['publish'])).exit).toBe(0)
    const none = await specyard(root, ['drift'])
    expect([none.exit, none.stdout]).toMatchObject([
      0,
      expect.stringMatching(
        /^no drift: what is published is what this version makes of the specs of the published commit/,
      ),
    ])
    const clone = join(await temporaryFolder(), 'deploy')
    gitIn(root, 'clone', '--quiet', '--branch', 'main', join(root, '.specyard', 'deploy.git'), clone)
    const [job = ''] = readdirSync(join(clone, 'environments/prod/language/jobs')).filter((one) =>
      one.endsWith('.yaml'),
    )
    const path = `environments/prod/language/jobs/${job}`
    await commitFiles(clone, {
      [path]: readFileSync(join(clone, path), 'utf8').replace(
        'activeDeadlineSeconds: 7200',
        'activeDeadlineSeconds: 60',
      ),
      'environments/prod/language/jobs/mine.yaml': 'kind: Job\n',
    })
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
    const edited = await specyard(root, ['drift'])
    expect(edited.exit).toBe(1)
    expect(edited.stdout).toContain(`${path}\n  edited by Ada <ada@example.com> in commit`)
    expect(edited.stdout).toMatch(
      /jobs\/mine\.yaml\n {2}added by Ada [^\n]*; take the file out of the deploy repository\n/,
    )
    expect(edited.stdout).toContain('  -  activeDeadlineSeconds: 60\n  +  activeDeadlineSeconds: 7200')
    await commitFiles(root, { 'specs/letters.yaml': longer })
    const newer = await specyard(root, ['drift', '--rev', 'HEAD', '--output', 'json'])
    expect(newer.exit).toBe(1)
    expect(JSON.parse(newer.stdout)).toMatchObject({
      against: { label: 'HEAD', dirty: false },
      drift: [
        { kind: 'edited', path, edit: { what: 'edited' } },
        { kind: 'edited', edit: { what: 'added' } },
      ],
      unpublished: 1,
    })
    await commitFiles(root, { 'specs/letters.yaml': 'kind: Nonsense\n' })
    expect((await specyard(root, ['drift', '--rev', 'HEAD'])).exit).toBe(2)
    // What was published still compiles, whatever is written since.
    expect((await specyard(root, ['drift'])).exit).toBe(1)
  })
})

describe('specyard drift after a change that starts nothing', () => {
  it('holds what is published against what counts now, once it is committed', async () => {
    const root = await repository()
    expect((await specyard(root, ['publish'])).exit).toBe(0)
    const other = gpuEnvironments.replace('s3://data/text', 's3://data/more-text')
    await writeFiles(root, { 'specs/environments.yaml': other })
    expect((await specyard(root, ['drift'])).exit).toBe(0)
    await commitFiles(root, { 'specs/environments.yaml': other })
    expect((await specyard(root, ['publish'])).stdout).toContain('nothing to publish')
    const { exit, stdout } = await specyard(root, ['drift'])
    expect([exit, stdout]).toMatchObject([
      1,
      expect.stringContaining('training.dataset.uri s3://data/text → s3://data/m'),
    ])
    await commitFiles(root, { 'specs/letters.yaml': longer })
    expect((await specyard(root, ['drift'])).exit).toBe(0)
  })
})

describe('specyard explain', () => {
  it('tells of a value its line, and of a path of the spec what is made of it', async () => {
    const root = await repository()
    const whole = await specyard(root, ['explain', 'letters'])
    expect(whole.exit).toBe(0)
    expect(whole.stdout).toMatch(/^TrainingJob prod\/language\/letters {2}specs\/letters\.yaml:1:1\n/)
    expect(whole.stdout).toMatch(/^timeoutSeconds +7200 +specs\/letters\.yaml:11:19 spec$/m)
    expect(whole.stdout).toMatch(/^ttlSecondsAfterFinished +3600 +default \(spec\.ttlSecondsAfterFinished\)$/m)
    const one = await specyard(root, ['explain', 'letters', 'timeoutSeconds'])
    expect(one.stdout).toContain('timeoutSeconds = 7200\n  from specs/letters.yaml:11:19 spec\n  rendered as\n')
    const made = await specyard(root, ['explain', 'specs/letters.yaml', 'spec.training.epochs'])
    expect(made.stdout).toMatch(/^variables\.EPOCHS /m)
    expect(made.stdout).toMatch(/^training\.training\.epochs /m)
    const rendered = await specyard(root, ['explain', 'letters', '--rendered'])
    expect(rendered.stdout).toMatch(
      /^ {2}activeDeadlineSeconds: 7200 +# timeoutSeconds: specs\/letters\.yaml:11:19 spec$/m,
    )
    const json = JSON.parse((await specyard(root, ['explain', 'letters', '--output', 'json'])).stdout) as {
      values: unknown[]
    }
    expect(json.values.length).toBeGreaterThan(50)
    const waiting = await specyard(root, ['explain', 'served', '--env', 'prod', '--rendered'])
    expect(waiting.stdout).toContain('nothing is rendered: WAITING_FOR_MODEL')
  })

  it('a name or an environment that there is not is told with the nearest one', async () => {
    const root = await repository()
    const meant = async (...words: readonly string[]): Promise<string | undefined> => {
      const { exit, stderr } = await specyard(root, ['explain', ...words])
      expect(exit).toBe(2)
      return /did you mean (.*)\?/.exec(stderr)?.[1]
    }
    expect(await meant('leters')).toBe('letters')
    expect(await meant('language/leters')).toBe('language/letters')
    expect(await meant('specs/leters.yaml')).toBe('specs/letters.yaml')
    expect(await meant('letters', '--env', 'prd')).toBe('letters --env prod')
    expect(await meant('leters', '--env', 'prod')).toBe('letters')
    expect(await meant('nothing-like-it')).toBeUndefined()
  })

  it('of an overlay, by the path of its own line', async () => {
    const overlay = '{ replicas: { min: 2, max: 8 } }'
    const root = await repository({
      'specs/served.yaml': gpuEndpoint(
        'served',
        'autoscale: { cpuUtilization: 70 }\n  replicas: { min: 1, max: 2 }',
        overlay,
      ),
    })
    const path = 'spec.environments.prod.replicas'
    const written = await specyard(root, ['explain', 'served', '--env', 'prod', path])
    expect(written.stdout).toMatch(/^replicas\.max +8 +specs\/served\.yaml:\d+:\d+ overlay, over specs\/served\.yaml/m)
    expect((await specyard(root, ['explain', 'served', '--env', 'prod', 'spec.environments.prod.port'])).exit).toBe(2)
  })

  it('of another revision, of what is not there, and of a broken spec', async () => {
    const root = await repository()
    await commitFiles(root, { 'specs/letters.yaml': longer })
    const older = await specyard(root, ['explain', 'letters', 'nodes', '--rev', 'HEAD~1'])
    expect(older.stdout).toContain('nodes = 1\n  from default (spec.nodes)\n  to have another, write spec.nodes')
    expect((await specyard(root, ['explain', 'letters', 'nodes'])).stdout).toContain('nodes = 2\n')
    const nowhere = await specyard(root, ['explain', 'letters', 'no.such.path'])
    expect([nowhere.exit, nowhere.stderr]).toMatchObject([
      2,
      expect.stringContaining('the plan has nothing at "no.such.path"'),
    ])
    const misspelt = await specyard(root, ['explain', 'letters', 'timeoutSecond'])
    expect([misspelt.exit, misspelt.stderr]).toMatchObject([2, expect.stringContaining('did you mean timeoutSeconds?')])
    const nobody = await specyard(root, ['explain', 'nobody'])
    expect([nobody.exit, nobody.stderr]).toMatchObject([
      2,
      expect.stringContaining('prod/language/letters  (TrainingJob, specs/letters.yaml)'),
    ])
    await writeFiles(root, { 'specs/letters.yaml': gpuTraining('letters', '  nodse: 2\n') })
    const broken = await specyard(root, ['explain', 'letters'])
    expect([broken.exit, broken.stdout]).toMatchObject([1, expect.stringContaining('KEY_UNKNOWN')])
  })
})
