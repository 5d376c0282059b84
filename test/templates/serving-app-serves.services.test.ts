import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endLeftovers } from '../../local/leftovers.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { until } from '../support/main-job/conditions.ts'
import { buildProgram, endOf, type Program, startProgram, untilSaid } from '../support/main-job/program.ts'
import { appPython, copier, giveEnvironment, makeApp, templateRepository } from '../support/serving-app.ts'
import { commitAll } from '../support/snapshot.ts'

/* The way of an app that Copier made: served on this machine from the folder of its image, released, renewed from the template. */

const root = join(import.meta.dirname, '..', '..')
let folder: string
let program: Program
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-serving-app-'))
  program = buildProgram()
})
afterAll(async () => {
  await endLeftovers(join(folder, 'specs-of-a-team', '.specyard', 'local'))
  rmSync(folder, { recursive: true, force: true })
  program.remove()
})

/** Registers the model of the app's examples, as a training would that had learnt it. */
const trainer = `import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { clientOptions, createClient } from './specyard-client.mjs'
const bytes = readFileSync('model.json')
const digest = createHash('sha256').update(bytes).digest('hex')
const uri = \`storage/models/\${digest.slice(0, 12)}/model.json\`
mkdirSync(dirname(uri), { recursive: true })
writeFileSync(uri, bytes)
const specyard = createClient({ ...clientOptions(process.env), log: console.log })
const artifacts = [{ name: 'model', uri, size_bytes: bytes.length, digest: \`sha256:\${digest}\` }]
await specyard.done({ outcome: 'SUCCEEDED', metrics: { loss: 0 }, artifacts })
`

const specs = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec:
  cluster: local
  follow: newest
  images: { ghcr.io/example/words: words, ghcr.io/example/trainer: trainer }
  storage: { type: local, path: .specyard/storage }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: ml }
spec: { uri: trainer, format: text }
---
apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: words, project: ml }
spec:
  environment: dev
  task: { type: language-modelling }
  model: { name: word-pairs, source: custom }
  dataset: { ref: text }
  training: { epochs: 1 }
  image: ghcr.io/example/trainer:1
  command: [node, train.mjs]
  output: { model: words }
`

/** A spec repository with the app in it, as its README says. */
function specRepository(): { readonly path: string; readonly app: string } {
  const path = join(folder, 'specs-of-a-team')
  for (const inner of ['specs/ml', 'trainer']) mkdirSync(join(path, inner), { recursive: true })
  const app = makeApp(path, 'words')
  giveEnvironment(app)
  writeFileSync(join(path, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  writeFileSync(join(path, 'specs', 'ml', 'all.yaml'), specs)
  for (const name of ['endpoint', 'model'])
    cpSync(join(app, 'deploy', `${name}.yaml`), join(path, 'specs', 'ml', `${name}.yaml`))
  writeFileSync(join(path, 'trainer', 'train.mjs'), trainer)
  cpSync(join(app, 'examples', 'model.json'), join(path, 'trainer', 'model.json'))
  cpSync(join(root, 'examples', 'handbook', 'specyard-client.mjs'), join(path, 'trainer', 'specyard-client.mjs'))
  return { path, app }
}

describe('an app that was made in a spec repository', () => {
  let repository: ReturnType<typeof specRepository>
  beforeAll(() => {
    repository = specRepository()
  })

  it('has a spec in which specyard check finds nothing, laid out as specyard fmt lays out', async () => {
    const checked = await startProgram(program, repository.path, ['check']).ended
    expect(checked.stdout + checked.stderr).toContain('no problems')
    expect(checked.code).toBe(0)
    const formatted = await startProgram(program, repository.path, ['fmt', '--check', 'specs/ml/endpoint.yaml']).ended
    expect(formatted.code, formatted.stdout + formatted.stderr).toBe(0)
  })

  it('is served by specyard up with the model that a training registered, and answers at the endpoint’s address', async () => {
    const up = startProgram(program, repository.path, ['up', '--port', '0'])
    try {
      await untilSaid(up, /http:\/\/127\.0\.0\.1:\d+\/words/)
      const address = /http:\/\/127\.0\.0\.1:\d+\/words/.exec(up.said())?.[0] ?? ''
      const ready = await until('the endpoint is ready', async () => {
        const answer = await fetch(`${address}/readyz`).catch(() => undefined)
        return answer?.ok && ((await answer.json()) as { model: Record<string, string> })
      })
      expect(ready.model).toMatchObject({ name: 'words', version: '1' })
      const answer = await fetch(`${address}/generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-trace-id': 'asked-by-the-test' },
        body: JSON.stringify({ prompt: 'the model', max_tokens: 5, seed: 3 }),
      })
      const said = (await answer.json()) as { text: string; model: Record<string, string> }
      expect(answer.status).toBe(200)
      expect(said.text.split(' ')).toHaveLength(5)
      expect(said.model).toEqual(ready.model)
      expect(answer.headers.get('x-trace-id')).toBe('asked-by-the-test')
      expect(await (await fetch(`${address}/metrics`)).text()).toContain(
        'http_requests_total{method="POST",path="/generate",status="200"} 1.0',
      )
    } finally {
      up.kill('SIGTERM')
      await endOf(up, 60)
    }
  })
})

describe('a release of an app', () => {
  const pinned = `ghcr.io/example/words:v1.2.0@sha256:${'d'.repeat(64)}`

  let gitea: Gitea
  beforeAll(async () => {
    gitea = await startGitea()
  })
  afterAll(() => gitea.remove())

  function propose(at: string, clone: string, repository: string): string {
    return execFileSync('bash', [join(at, 'words', 'tools', 'propose.sh'), join(at, 'words'), clone], {
      encoding: 'utf8',
      env: {
        PATH: `${dirname(appPython())}:${process.env['PATH']}`,
        ...{ HOME: at, NAME: 'words', TAG: 'v1.2.0', SPEC_PATH: 'specs/ml/words.yaml' },
        ...{ IMAGE: 'ghcr.io/example/words', DIGEST: `sha256:${'d'.repeat(64)}` },
        ...{ RELEASE: 'https://github.example.com/words/v1.2.0', SPEC_REPOSITORY: `${gitea.owner}/${repository}` },
        ...{ GITHUB_API_URL: gitea.api, SPEC_REPOSITORY_TOKEN: gitea.token },
      },
    })
  }

  function git(at: string, ...words: readonly string[]): string {
    return execFileSync('git', ['-C', at, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  it.each([
    ['changes the image and nothing else in a spec that is there', true],
    ['adds the spec as the app has it where there is none', false],
  ])('%s, by one commit and one pull request however often it is tried', async (_what, isThere) => {
    const at = mkdtempSync(join(folder, 'release-'))
    const app = makeApp(at, 'words')
    const own = join(at, 'own')
    mkdirSync(join(own, 'specs', 'ml'), { recursive: true })
    writeFileSync(join(own, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
    const begun = readFileSync(join(app, 'deploy', 'endpoint.yaml'), 'utf8').replace(
      'port: 8080',
      'port: 8080 # as ever',
    )
    if (isThere) writeFileSync(join(own, 'specs', 'ml', 'words.yaml'), begun)
    commitAll(own, 'Begin')
    const repository = `specs-${isThere ? 'old' : 'new'}`
    await gitea.ask('POST', '/user/repos', { name: repository, default_branch: 'main' })
    const address = gitea.pushUrl(repository)
    git(own, 'push', '--quiet', address, 'HEAD:main')
    await gitea.untilFilled(repository)
    const said = [1, 2].map((time) => {
      const clone = join(at, `clone-${time}`)
      git(at, 'clone', '--quiet', address, clone)
      return propose(at, clone, repository)
    })
    const branch = 'release/words-v1.2.0'
    const bare = join(at, 'specs.git')
    git(at, 'clone', '--quiet', '--bare', address, bare)
    expect(git(bare, 'diff', '--stat', 'main', branch, '--', '.').trim().split('\n')).toHaveLength(2)
    const before = isThere ? begun : readFileSync(join(app, 'deploy', 'endpoint.yaml'), 'utf8')
    expect(git(bare, 'show', `${branch}:specs/ml/words.yaml`)).toBe(before.replace(/image: .*/, `image: ${pinned}`))
    expect(git(bare, 'log', '--format=%s', `main..${branch}`)).toBe('Serve words v1.2.0\n')
    const pull = `${gitea.url}/${gitea.owner}/${repository}/pulls/1`
    expect(said).toEqual([`proposed: ${pull}\n`, `proposed already: ${pull}\n`])
    const asked = await gitea.ask('GET', `/repos/${gitea.owner}/${repository}/pulls?state=all`)
    expect(asked).toMatchObject([{ title: 'Serve words v1.2.0', body: expect.stringContaining(pinned) }])
  })
})

describe('an app that was made from a repository', () => {
  it('gets what is new in the core by copier update, and keeps what its author wrote', () => {
    const repository = templateRepository(folder)
    repository.release('v1.0.0')
    const app = join(folder, 'renewed')
    const made = copier(folder, ['copy', '--defaults', '--data', 'app_name=renewed', repository.path, app])
    expect(made.status, made.output).toBe(0)
    expect(existsSync(join(app, 'copier.yaml'))).toBe(false)
    const router = join(app, 'src', 'routers', 'generation.py')
    writeFileSync(router, readFileSync(router, 'utf8').replace('writes text: yours', 'writes what I want'))
    commitAll(app, 'Begin')

    const core = join(repository.path, 'templates', 'serving-app', 'app', 'src', '_core', 'limits.py')
    writeFileSync(core, `${readFileSync(core, 'utf8')}\n\n# New in the core.\n`)
    repository.release('v1.1.0')
    const renewed = copier(app, ['update', '--defaults'])
    expect(renewed.status, renewed.output).toBe(0)
    expect(readFileSync(join(app, 'src', '_core', 'limits.py'), 'utf8')).toContain('# New in the core.')
    expect(readFileSync(router, 'utf8')).toContain('writes what I want')
    expect(readFileSync(join(app, '.copier-answers.yml'), 'utf8')).toContain('_commit: v1.1.0')
    expect(readFileSync(join(app, '.copier-answers.yml'), 'utf8')).toContain('app_name: renewed')
  })
})
