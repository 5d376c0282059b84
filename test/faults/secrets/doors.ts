import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOrCreateSigningKey } from '../../../api/signing-key.ts'
import { readSettings } from '../../../cli/house/settings.ts'
import { explainFailure } from '../../../cli/terminal/failure.ts'
import { openDeployRepository } from '../../../publisher/deploy.ts'
import { openSpecBranch } from '../../../publisher/spec-repository.ts'
import { openDatabase } from '../../../records/database.ts'
import { openRedis } from '../../../records/redis.ts'
import { createApi } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { loadCredentials } from '../../../reconciler/sources/kubernetes/api/credentials.ts'
import { clusterFault } from '../../../reconciler/sources/kubernetes/faults.ts'
import { openMlflow } from '../../../reconciler/sources/mlflow/open.ts'
import type { Random } from '../random.ts'
import type { Canaries } from './canaries.ts'

/*
 * Ways into the product that secrets come by, each of which fails in many ways. What a failure says is all that people and logs ever get of it.
 */

export interface Door {
  readonly name: string
  /** How often it is chosen beside the others: one that starts programs costs a hundred times as much. */
  readonly weight: number
  /** Fails once. @returns everything that was said */
  fail(random: Random): Promise<string>
}

/** @param folder where files may be written */
export function doorsOf(canaries: Canaries, folder: string, echo: string): readonly Door[] {
  return [
    { name: 'database', weight: 6, fail: (random) => failed(() => openWrongDatabase(canaries, random)) },
    { name: 'redis', weight: 4, fail: (random) => failed(() => openWrongRedis(canaries, random)) },
    {
      name: 'kubeconfig',
      weight: 10,
      fail: (random) => failed(() => readWrongKubeconfig(canaries, folder, echo, random)),
    },
    { name: 'API server', weight: 6, fail: (random) => failed(() => askApiServer(canaries, folder, echo, random)) },
    { name: 'mlflow', weight: 6, fail: (random) => failed(() => askMlflow(canaries, echo, random)) },
    { name: 'settings', weight: 6, fail: (random) => failed(() => readWrongSettings(canaries, folder, random)) },
    { name: 'signing key', weight: 2, fail: (random) => failed(() => giveShortKey(canaries, folder, random)) },
    { name: 'git', weight: 1, fail: (random) => failed(() => askGit(canaries, folder, random)) },
  ]
}

/** What a person reads of a failure, and what a log of its fields would hold; empty where it did not fail. */
async function failed(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return ''
  } catch (error) {
    return explainFailure(error) + JSON.stringify(error)
  }
}

const places = ['127.0.0.1:1', '127.0.0.1:99999', '127.0.0.1:abc', '', 'host name', '[::1', '127.0.0.1:1/../', '%zz']
const nobody = '127.0.0.1:1'

/** Breaks a text as people and editors do: cut off, doubled, with a character too many. */
function broken(text: string, random: Random): string {
  const at = random.between(0, text.length)
  const strange = random.pick([
    ' ',
    '\n',
    '\t',
    '"',
    "'",
    '{',
    '}',
    ': ',
    '#',
    '@',
    '\\',
    '%',
    '\u0000',
    '\u2028',
    '- ',
  ])
  return random.pick([
    text,
    text.slice(0, at),
    text.slice(at),
    text.slice(0, at) + strange + text.slice(at),
    text + strange + text.slice(0, at),
  ])
}

async function openWrongDatabase(canaries: Canaries, random: Random): Promise<void> {
  const password = canaries.of('database password')
  const written = random.pick([encodeURIComponent(password), password])
  const scheme = random.pick(['postgres://', 'postgresql://', 'mysql://', 'postgres:/', ''])
  const more = random.pick([
    '',
    '?sslmode=require',
    `?password=${encodeURIComponent(password)}`,
    '?sslmode=verify-full',
  ])
  const url = `${scheme}specyard:${written}@${random.pick(places)}/specyard${more}`
  const pool = await openDatabase(random.chance(0.5) ? url : broken(url, random))
  await pool.end()
}

async function openWrongRedis(canaries: Canaries, random: Random): Promise<void> {
  const password = canaries.of('redis password')
  const written = random.pick([encodeURIComponent(password), password])
  const url = `${random.pick(['redis://', 'rediss://', 'http://', ''])}default:${written}@${random.pick(places)}/0`
  const said: string[] = []
  const live = await openRedis(random.chance(0.5) ? url : broken(url, random), {
    strict: true,
    log: (line) => said.push(line),
  })
  await live.close()
  throw new Error(said.join('\n'))
}

export function kubeconfigText(canaries: Canaries, server: string, user: object): string {
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'one', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [
        { name: 'one', user },
        { name: 'two', user: { password: canaries.of('kubeconfig password') } },
      ],
      contexts: [{ name: 'one', context: { cluster: 'one', user: 'one' } }],
      'current-context': 'one',
    },
    null,
    2,
  )
}

function usersOf(canaries: Canaries): readonly object[] {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', 'exit 3'],
    env: [{ name: 'SECRET', value: canaries.of('kubeconfig exec') }],
    interactiveMode: 'Never',
  }
  return [
    { token: canaries.of('kubeconfig token') },
    { username: 'admin', password: canaries.of('kubeconfig password') },
    { 'client-key-data': Buffer.from(canaries.of('kubeconfig key')).toString('base64') },
    { 'client-certificate-data': 'bm90aGluZw==', 'client-key-data': canaries.of('kubeconfig key') },
    { exec },
  ]
}

async function readWrongKubeconfig(canaries: Canaries, folder: string, echo: string, random: Random): Promise<void> {
  const path = join(folder, 'kubeconfig')
  const server = random.pick([echo, `https://${nobody}`, `http://${nobody}`, 'nothing'])
  writeFileSync(path, broken(kubeconfigText(canaries, server, random.pick(usersOf(canaries))), random))
  await askBy(path, random.pick([null, null, 'another']), random)
}

async function askApiServer(canaries: Canaries, folder: string, echo: string, random: Random): Promise<void> {
  const path = join(folder, 'kubeconfig')
  writeFileSync(path, kubeconfigText(canaries, echo, random.pick(usersOf(canaries))))
  await askBy(path, null, random)
}

async function askBy(kubeconfig: string, context: string | null, random: Random): Promise<void> {
  const api = createApi(await loadCredentials({ kubeconfig, context }))
  try {
    const path = random.pick(['/apis/batch/v1/namespaces/language/jobs', '/api/v1/namespaces/language/secrets/a'])
    await api.json({ path, method: random.pick(['GET', 'POST', 'DELETE']), silenceMilliseconds: 2000 })
  } catch (error) {
    throw clusterFault(error, 'reading what is there', api.server)
  } finally {
    api.close()
  }
}

async function askMlflow(canaries: Canaries, echo: string, random: Random): Promise<void> {
  const inUrl = `http://user:${encodeURIComponent(canaries.of('mlflow url password'))}@`
  const place = random.pick([echo.slice('http://'.length), nobody, ...places])
  const uri = `${random.pick(['http://', inUrl])}${place}`
  const tracker = openMlflow({
    uri: random.chance(0.7) ? uri : broken(uri, random),
    username: random.pick([undefined, 'user']),
    password: random.pick([undefined, canaries.of('mlflow password')]),
    token: random.pick([undefined, canaries.of('mlflow token')]),
    requests: { milliseconds: 2000 },
  })
  await tracker.get('a-run', AbortSignal.timeout(5000))
}

async function readWrongSettings(canaries: Canaries, folder: string, random: Random): Promise<void> {
  const password = encodeURIComponent(canaries.of('deploy password'))
  const text = `apiVersion: specyard.dev/v1
kind: Settings
deploy: { repository: "https://user:${password}@git.example.com/deploy.git" }
specs: { repository: "https://${encodeURIComponent(canaries.of('deploy token'))}@git.example.com/specs.git" }
`
  writeFileSync(join(folder, 'specyard.yaml'), broken(broken(text, random), random))
  await readSettings(folder, canaries.environment)
}

async function giveShortKey(canaries: Canaries, folder: string, random: Random): Promise<void> {
  const key = canaries.of('signing key').slice(0, random.between(18, 31))
  await readOrCreateSigningKey(join(folder, 'signing-key'), key)
}

async function askGit(canaries: Canaries, folder: string, random: Random): Promise<void> {
  const secret = canaries.of(random.pick(['deploy password', 'deploy token', 'specs password']))
  const written = random.pick([encodeURIComponent(secret), secret])
  const user = random.pick([`user:${written}`, written])
  const scheme = random.pick(['http://', 'https://', 'ssh://', 'ftp://', 'ext::'])
  const url = `${scheme}${user}@${random.pick([nobody, ...places])}/deploy.git`
  const options = {
    ...{ url: random.chance(0.7) ? url : broken(url, random), branch: 'main' },
    cacheFolder: join(folder, `cache-${random.between(1, 3)}`),
    author: { name: 'Specyard', email: 'specyard@localhost' },
    environment: { ...process.env, ...canaries.environment },
    now: () => new Date(),
  }
  if (random.chance(0.5)) await (await openDeployRepository(options)).read()
  else await (await openSpecBranch(options)).read()
}
