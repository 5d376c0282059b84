import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../cluster/base/ports.ts'
import { createServerDatabase } from '../../support/database.ts'
import { copyExample } from '../../support/main-job/example.ts'
import { buildProgram, endOf, type Program, startProgram, untilSaid } from '../../support/main-job/program.ts'
import { openRedisServer, type RedisServer } from '../servers/redis.ts'
import type { Canaries } from './canaries.ts'
import { kubeconfigText } from './doors.ts'
import { openEcho } from './echo.ts'
import { askEverything } from './questions.ts'
import { databaseText, filesOf, gitText, redisText } from './sinks.ts'

/* Whole commands with secrets all around them: what they print, answer, commit, store and leave behind. */

type Smell = (sink: string, text: string) => void

const commandSeconds = 90
/** Stands for one in the folder of the specs. */
const compiledFolder = '<compiled>'
/** Commands that work, or fail, on a folder of specs. */
const working: readonly (readonly string[])[] = [
  ['check'],
  ['check', '--output', 'json'],
  ['compile', '--to', compiledFolder],
  ['publish'],
  ['reconcile', '--once'],
  ['migrate', 'status'],
  ['bootstrap'],
]
const failing = [
  ['publish'],
  ['reconcile', '--once'],
  ['rebuild'],
  ['status'],
  ['logs', 'handbook-lm'],
  ['trace', 'nothing'],
  ['retry', 'handbook-lm'],
  ['cancel', 'handbook-lm'],
] as const

interface Scene {
  readonly canaries: Canaries
  readonly program: Program
  readonly smell: Smell
  /** What every command gets. */
  readonly environment: Readonly<Record<string, string>>
  readonly databaseUrl: string
  readonly redis: RedisServer
  readonly counts: Record<'commands' | 'answers' | 'files', number>
}

/**
 * Runs commands and smells at every sink.
 * @param whole also trains the worked example to its end, which takes a minute
 */
export async function runCommands(
  canaries: Canaries,
  whole: boolean,
  smell: Smell,
  say: (line: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const program = buildProgram()
  const database = await createServerDatabase()
  const redis = await openRedisServer(canaries.of('redis password'))
  const echo = await openEcho()
  const home = mkdtempSync(join(tmpdir(), 'specyard-faults-home-'))
  try {
    plantFiles(home, canaries, echo.url)
    const databaseUrl = withPassword(database.url, 'postgres', canaries.of('database password'))
    const counts = { commands: 0, answers: 0, files: 0 }
    const environment = {
      ...canaries.environment,
      HOME: home,
      KUBECONFIG: join(home, 'kubeconfig'),
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      SPECYARD_SIGNING_KEY: canaries.of('signing key'),
      MLFLOW_TRACKING_URI: echo.url,
      MLFLOW_TRACKING_USERNAME: 'user',
      MLFLOW_TRACKING_PASSWORD: canaries.of('mlflow password'),
      MLFLOW_TRACKING_TOKEN: canaries.of('mlflow token'),
    }
    const scene = { canaries, program, smell, environment, databaseUrl, redis, counts }
    say('commands that work, and a service')
    await workAndServe(scene, whole)
    say('commands that fail')
    await failInEveryWay(scene)
    for (const [sink, text] of [
      ['the database', await databaseText(database.pool)],
      ['Redis', await redisText(redis.url)],
    ] as const)
      smell(sink, text)
    return counts
  } finally {
    rmSync(home, { recursive: true, force: true })
    echo.close()
    await redis.close()
    await database.close()
    program.remove()
  }
}

/** What lies in a person's home folder. */
function plantFiles(home: string, canaries: Canaries, server: string): void {
  mkdirSync(join(home, '.ssh'))
  const credential = encodeURIComponent(canaries.of('git-credentials'))
  writeFileSync(join(home, '.git-credentials'), `https://user:${credential}@git.example.com\n`)
  writeFileSync(join(home, '.netrc'), `machine git.example.com login user password ${canaries.of('netrc')}\n`)
  writeFileSync(join(home, '.ssh', 'id_ed25519'), canaries.of('ssh key'))
  writeFileSync(join(home, 'kubeconfig'), kubeconfigText(canaries, server, { token: canaries.of('kubeconfig token') }))
}

function withPassword(url: string, user: string, password: string): string {
  const full = new URL(url)
  full.username = user
  full.password = encodeURIComponent(password)
  return full.href
}

async function workAndServe(scene: Scene, whole: boolean): Promise<void> {
  const example = copyExample()
  try {
    const compiled = join(example.folder, 'out')
    for (const words of working)
      await runOne(
        scene,
        example.folder,
        words.map((word) => (word === compiledFolder ? compiled : word)),
      )
    await serve(scene, example.folder)
    // It trains on this machine, so it is told of no other cluster.
    const { KUBECONFIG: _, ...local } = scene.environment
    if (whole) await runOne({ ...scene, environment: local }, example.folder, ['up', '--until-settled', '--port', '0'])
    smellFolder(scene, example.folder)
    scene.smell('the deploy repository', await gitText(join(example.state, 'deploy.git')))
  } finally {
    await example.remove()
  }
}

async function runOne(scene: Scene, folder: string, words: readonly string[]): Promise<void> {
  const { program, environment, smell, counts } = scene
  const ended = await endOf(
    startProgram(program, folder, words, { environment }),
    words[0] === 'up' ? 400 : commandSeconds,
  )
  counts.commands += 1
  smell(`specyard ${words.join(' ')}`, ended.stdout + ended.stderr)
}

async function serve(scene: Scene, folder: string): Promise<void> {
  const { program, environment, smell, counts, canaries } = scene
  const port = await freePort()
  const words = ['serve', '--port', String(port), '--callbacks', '127.0.0.1:0']
  const running = startProgram(program, folder, words, { environment })
  try {
    await untilSaid(running, /callbacks +http/)
    for (const { question, answer } of await askEverything(`http://127.0.0.1:${port}`, canaries)) {
      counts.answers += 1
      smell(question, answer)
    }
    running.kill('SIGTERM')
    const ended = await endOf(running, commandSeconds)
    counts.commands += 1
    smell('specyard serve', ended.stdout + ended.stderr)
  } finally {
    running.kill('SIGKILL')
  }
}

/** Everything that is at another place is away: the repositories, the database, Redis, MLflow. */
async function failInEveryWay(scene: Scene): Promise<void> {
  const { canaries, environment } = scene
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-failing-'))
  try {
    cpSync(join(import.meta.dirname, '..', '..', '..', 'specs'), join(folder, 'specs'), { recursive: true })
    const password = encodeURIComponent(canaries.of('deploy password'))
    const specs = encodeURIComponent(canaries.of('specs password'))
    writeFileSync(
      join(folder, 'specyard.yaml'),
      `apiVersion: specyard.dev/v1
kind: Settings
deploy: { repository: "http://user:${password}@127.0.0.1:1/deploy.git" }
specs: { repository: "http://user:${specs}@127.0.0.1:1/specs.git" }
`,
    )
    const away = withPassword('postgres://specyard@127.0.0.1:1/nothing', 'specyard', canaries.of('database password'))
    const mlflow = `http://user:${encodeURIComponent(canaries.of('mlflow url password'))}@127.0.0.1:1`
    for (const others of [{ MLFLOW_TRACKING_URI: mlflow }, { DATABASE_URL: away }]) {
      for (const words of failing) await runOne({ ...scene, environment: { ...environment, ...others } }, folder, words)
    }
    smellFolder(scene, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Everything below a folder of specs but its settings, in which the addresses of repositories were written. */
function smellFolder({ smell, counts }: Scene, folder: string): void {
  for (const path of filesOf(folder)) {
    if (path === join(folder, 'specyard.yaml')) continue
    counts.files += 1
    smell(path.slice(folder.length + 1), readFileSync(path, 'latin1'))
  }
}
