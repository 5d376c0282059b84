import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../cluster/base/wait.ts'
import { type Application, applicationPath } from '../../cluster/support/applications.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import { loadNodeImage } from '../../cluster/support/images.ts'
import type { Repository } from '../../cluster/support/repositories.ts'
import type { House } from '../cluster/house.ts'
import { type Row, row } from '../report.ts'
import { rememberVersion } from './version.ts'

/*
 * From the push of a rollout that cannot succeed to the record that says so, beside Argo CD's own time to say so of its Application. What runs meanwhile
 * goes on running; the bench sees to that too.
 */

export interface Broken {
  /** Argo CD is given so long to report; then it has no figure. */
  readonly argocdSecondsMax: number
}

const recordSecondsMax = 120
const name = 'answers'

export async function measureBroken(
  cluster: Cluster,
  house: House,
  size: Broken,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  const image = await serverImage(cluster)
  rememberVersion(house.deploy)
  const merge = (wanted: string, variables = '{}'): Promise<string> =>
    house.merge({ 'endpoint.yaml': endpointSpec(house.environment, wanted, variables) })
  await merge(image)
  await until('the endpoint to be healthy', async () => (await statusOf(house)) === 'healthy', { seconds: 180 })
  say('  the endpoint is healthy; its next release is one that Helm refuses')
  // Argo CD hears of it with the release: nobody asks it to look before.
  const chart = (await house.deploy.paths()).find((path) =>
    /^charts\/[^/]+\/[^/]+\/templates\/service\.yaml$/.test(path),
  )
  if (chart === undefined) throw new Error('the deploy repository has no chart with a Service')
  const breaking = await house.deploy.commit('Break the chart', { [chart]: '{{ fail "the chart is broken" }}\n' })
  await merge(image, '{ ROUND: again }')
  const chartRow = await measureReport(
    cluster,
    house,
    'a chart that Helm refuses',
    size,
    ({ status }) => status?.conditions?.some((one) => one.type === 'ComparisonError') && 'ComparisonError',
    say,
  )
  await house.deploy.revert(breaking)
  await merge(image, '{ ROUND: once more }')
  await until('the endpoint to be healthy again', () => isHealthyAgain(cluster, house), { seconds: 180 })
  say('  the endpoint is healthy again; its next image is nowhere to be had')
  await merge(`registry.invalid/none:1@sha256:${'0'.repeat(64)}`)
  const imageRow = await measureReport(
    cluster,
    house,
    'an image that is not there',
    size,
    ({ status }) => status?.health?.status === 'Degraded' && 'health Degraded',
    say,
  )
  return [imageRow, chartRow]
}

async function measureReport(
  cluster: Cluster,
  house: House,
  what: string,
  size: Broken,
  isReported: (application: Application) => string | false | undefined,
  say: (line: string) => void,
): Promise<Row> {
  const path = applicationPath(`${house.environment}.language.endpoint.${name}`)
  const since = pushedAt(house.specs)
  const seconds = (): number => (Date.now() - since) / 1000
  const ours = until('the record to say so', async () => isBroken(await statusOf(house)) && seconds(), {
    seconds: recordSecondsMax,
  }).catch(() => null)
  const argocd = until(
    'Argo CD to say so',
    async () => {
      const application = await cluster.kubernetes.get<Application>(path)
      return application !== undefined && isReported(application) ? seconds() : undefined
    },
    { seconds: size.argocdSecondsMax },
  ).catch(() => null)
  const record = await ours
  const status = await statusOf(house)
  say(`  ${what}: ${status} ${record === null ? `still after ${recordSecondsMax} s` : `after ${record.toFixed(1)} s`}`)
  const peer = await argocd
  say(
    `  ${what}: Argo CD ${peer === null ? `said nothing in ${size.argocdSecondsMax} s` : `after ${peer.toFixed(1)} s`}`,
  )
  const silent = peer === null ? ` (not in ${size.argocdSecondsMax} s)` : ''
  return row({
    metric: `rollout with ${what}, to the record that says so`,
    unit: 's',
    better: 'less',
    ours: record,
    peer: { name: `Argo CD’s own report${silent}`, value: peer },
  })
}

/** As Argo CD sees it, too: what it says of the release before is not to be taken for what it says of the next. */
async function isHealthyAgain(cluster: Cluster, house: House): Promise<boolean> {
  const path = applicationPath(`${house.environment}.language.endpoint.${name}`)
  const { conditions, sync, health } = (await cluster.kubernetes.get<Application>(path))?.status ?? {}
  const isFine = !conditions?.some((one) => one.type === 'ComparisonError') && sync?.status === 'Synced'
  return isFine && health?.status === 'Healthy' && (await statusOf(house)) === 'healthy'
}

function isBroken(status: string | undefined): boolean {
  return status === 'failed' || status === 'degraded'
}

async function statusOf({ url, environment }: House): Promise<string | undefined> {
  const answer = await fetch(`${url}/v1/endpoints?environment=${environment}`)
  const { items } = (await answer.json()) as { items: readonly { name: string; status: string }[] }
  return items.find((one) => one.name === name)?.status
}

/** When the branch of a repository moved last. */
function pushedAt({ folder }: Repository): number {
  return statSync(join(folder, 'refs', 'heads', 'main')).mtimeMs
}

async function serverImage(cluster: Cluster): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    const file = join(folder, 'serve.mjs')
    writeFileSync(file, server)
    const files = { '/app/serve.mjs': file }
    return await loadNodeImage(cluster, { name: 'example.com/answers:1', files, command: ['node', 'serve.mjs'] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const server = `import { createServer } from 'node:http'
createServer((request, response) => response.end('ok')).listen(8080, '0.0.0.0')
process.once('SIGTERM', () => process.exit(0))
`

function endpointSpec(environment: string, image: string, variables: string): string {
  return `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: ${name}, project: language }
spec:
  model: { ref: handbook-lm, family: char-loglinear, version: 1 }
  serveTarget: GENERATION
  framework: fastapi
  image: '${image}'
  command: [node, serve.mjs]
  port: 8080
  route: /${name}
  probe: { path: /, periodSeconds: 1 }
  env: ${variables}
  resources:
    cpu: { request: 10m, limit: '1' }
    memory: { request: 32Mi, limit: 128Mi }
  environments: { ${environment}: {} }
`
}
