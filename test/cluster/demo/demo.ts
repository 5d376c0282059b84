import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { run } from '../base/command.ts'
import type { KubernetesObject } from '../base/kubernetes.ts'
import type { Say } from '../build/tools.ts'
import type { Bed } from '../bed.ts'
import { attach, type Cluster } from '../support/cluster.ts'
import { createRepository } from '../support/repositories.ts'
import { environmentNames, environmentsHere, namespaceOf } from './environments.ts'
import { prepareGround } from './ground.ts'
import { showProgress } from './progress.ts'
import { type Service, startService } from './specyard.ts'

/*
 * The worked example on a bed, as a team would have it: its specs in a spec repository, Specyard as a service, Argo CD over the deploy repository.
 */

const root = join(import.meta.dirname, '..', '..', '..')
const environmentsFile = 'specs/environments.yaml'

const noTrainer =
  'there is no real node here, so no trainer runs: kwok plays the pods, which end well after a second and report nothing. ' +
  'Left out are progress, the failed first attempt and the checkpoint of handbook-retry, the model version, and the endpoint, which waits for it'

/** Runs it to the end, or until `stopped`, and shows how it goes. @throws Error when something fails */
export async function runDemo(bed: Bed, say: Say, stopped: AbortSignal): Promise<void> {
  if (readDemo(bed)) return
  const cluster = attach(bed.folder)
  if (cluster.node === null) say(noTrainer)
  const example = readFileSync(join(root, environmentsFile), 'utf8')
  const environments = environmentNames(example)
  say('prepares namespaces, storage, and a GPU with a queue of Kueue’s for it, which kwok plays')
  await prepareGround(cluster, environments)
  say('starts specyard serve, with a PostgreSQL and a Redis of its own')
  const specs = await createRepository(cluster, 'specs')
  const deploy = await createRepository(cluster, 'deploy')
  const service = await startService(cluster, { specs, deploy })
  const files = { ...exampleFiles(), [environmentsFile]: environmentsHere(example, cluster, service.callbacks) }
  const commit = await specs.commit('Train and serve the handbook', files)
  say(`pushed the specs of the worked example to ${specs.url} (${commit.slice(0, 10)})`)
  await applyRoots(cluster, service)
  say(`applied the root Applications that specyard bootstrap prints: Argo CD syncs ${deploy.url}`)
  say('')
  const { databaseUrl, log } = service
  await showProgress(databaseUrl, { runs: trainings(files), trains: cluster.node !== null, log, stopped })
  if (!stopped.aborted) writeFileSync(demoPath(bed), JSON.stringify(service), { mode: 0o600 })
}

/** Says what there is and what to try. */
export async function describeDemo(bed: Bed, say: Say): Promise<void> {
  const service = readDemo(bed)
  if (!service) return
  say('')
  say(`$ specyard status`)
  say((await run(service.command, ['status'])).trimEnd())
  say('')
  say(`alias specyard=${service.command}`)
  say(`API:            ${service.api}   its reference: ${service.api}/docs`)
  say('')
  say('try, with the lines above in your shell:')
  say('  specyard trace handbook-lm                    from the line of the spec to the model that is served')
  if (bed.node !== null)
    say('  specyard logs handbook-retry --attempt 1      why it failed; --attempt 2 goes on from its checkpoint')
  say('  specyard status                               the tables above')
  say('  kubectl get applications,jobs,pods -A         the same as Argo CD and Kubernetes see it')
  if (bed.node === null) return
  say(`  kubectl -n ${namespaceOf('dev')} port-forward deployment/handbook 8080    and then, beside it:`)
  say(
    `  curl -s localhost:8080/generate -H 'content-type: application/json' -d '{"prompt": "A run ", "max_tokens": 80}'`,
  )
}

/** Every file of `specs/`, by its path in the repository. */
function exampleFiles(): Readonly<Record<string, string>> {
  const entries = readdirSync(join(root, 'specs'), { recursive: true, encoding: 'utf8' })
  const paths = entries.filter((path) => path.endsWith('.yaml')).map((path) => `specs/${path}`)
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

function trainings(files: Readonly<Record<string, string>>): number {
  const documents = Object.values(files).flatMap((text) => parseAllDocuments(text).map((one) => one.get('kind')))
  return documents.filter((kind) => kind === 'TrainingJob').length
}

async function applyRoots({ kubernetes }: Cluster, { command }: Service): Promise<void> {
  const printed = await run(command, ['bootstrap'])
  for (const document of parseAllDocuments(printed)) await kubernetes.apply(document.toJS() as KubernetesObject)
}

function demoPath(bed: Bed): string {
  return join(bed.folder, 'demo', 'demo.json')
}

/** The demo that a bed has already; undefined where it has none. */
function readDemo(bed: Bed): Service | undefined {
  const path = demoPath(bed)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Service) : undefined
}
