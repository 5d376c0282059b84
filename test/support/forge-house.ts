import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createApi } from '../../api/server.ts'
import { apiPorts } from '../../cli/house/api-ports.ts'
import { open, type Opened } from '../../cli/house/open.ts'
import { readSettings } from '../../cli/house/settings.ts'
import { publishSpecs } from '../../cli/specs/publish-specs.ts'
import type { Gitea } from './gitea.ts'

/** Specyard as a service whose spec repository and deploy repository are at a forge, with the embedded database. */
export interface ForgeHouse {
  readonly opened: Opened
  /** Names of the repositories. */
  readonly specs: string
  readonly deploy: string
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }>
  /** Publishes what is at the head of the spec branch, as the reconciler does after a merge. */
  publish(): Promise<void>
  close(): Promise<void>
}

/** @param files of the spec repository, path → text */
export async function openForgeHouse(
  gitea: Gitea,
  name: string,
  files: Readonly<Record<string, string>>,
  { pullRequests }: { readonly pullRequests: boolean },
): Promise<ForgeHouse> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-forge-'))
  const [specs, deploy] = [`${name}-specs`, `${name}-deploy`]
  for (const repository of [specs, deploy])
    await gitea.ask('POST', '/user/repos', { name: repository, default_branch: 'main' })
  pushFirst(join(folder, 'work'), gitea.pushUrl(specs), files)
  await gitea.untilFilled(specs)
  const home = join(folder, 'home')
  mkdirSync(home)
  writeFileSync(
    join(home, 'specyard.yaml'),
    `apiVersion: specyard.dev/v1
kind: Settings
specs: { repository: '${gitea.pushUrl(specs)}', pullRequests: ${pullRequests} }
deploy: { repository: '${gitea.pushUrl(deploy)}' }
`,
  )
  const environment = { PATH: process.env['PATH'], HOME: home, GITHUB_TOKEN: gitea.token, GITHUB_API_URL: gitea.api }
  const now = () => new Date()
  const opened = await open(await readSettings(home, environment), environment, now)
  const app: FastifyInstance = await createApi(
    apiPorts({
      ...{ opened, clusterOf: () => undefined, reconciler: undefined, version: 'test', hosts: ['localhost'], now },
      log: () => undefined,
    }),
  )
  return {
    ...{ opened, specs, deploy },
    ask: async (method, url, payload) => {
      const answer = await app.inject({ method, url, headers: { host: 'localhost' }, ...(payload && { payload }) })
      return { status: answer.statusCode, body: answer.json() }
    },
    publish: async () => {
      const { problems } = await publishSpecs(opened)
      const [error] = problems.filter((one) => one.severity === 'error')
      if (error) throw new Error(error.message)
    },
    close: async () => {
      await app.close()
      await opened.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function pushFirst(work: string, url: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true })
    writeFileSync(join(work, path), text)
  }
  const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgSign=false']
  for (const words of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'Begin'],
    ['push', '--quiet', url, 'HEAD:main'],
  ])
    execFileSync('git', [...person, ...words], { cwd: work, stdio: 'pipe' })
}
