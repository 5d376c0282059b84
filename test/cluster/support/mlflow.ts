import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { createMlflowServer, type MlflowServer } from '../../support/mlflow/server.ts'
import { bedVariable } from '../base/process-table.ts'
import { runTypescript } from '../base/typescript.ts'
import { type Cluster, realNodeOf } from './cluster.ts'
import { loadNodeImage } from './images.ts'
import { shellTraining } from './shell-training.ts'

/*
 * A real MLflow that pods reach, and trainings that log to it.
 */

const root = join(import.meta.dirname, '..', '..', '..')
const trainer = 'test/cluster/support/mlflow-trainer.mjs'
const client = 'examples/handbook/specyard-client.mjs'
const installer = join(root, 'tools', 'install-python.ts')

/** A running server on the address by which pods reach this machine; MLflow is installed first where it is not. It may take two minutes. */
export async function startMlflow(cluster: Cluster): Promise<MlflowServer> {
  // Where it is known it is told by this variable; a run of the cluster's tests needs nothing more than docs/test-bed.md says.
  process.env['MLFLOW_PYTHON'] ||= execFileSync(process.execPath, runTypescript(installer, ['mlflow']), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim()
  const server = await createMlflowServer({
    host: realNodeOf(cluster).network.host,
    // Where the tests' own process dies it is taken away with the bed.
    parent: cluster.folder,
    environment: { [bedVariable]: cluster.folder },
  })
  await server.start()
  return server
}

/** What the trainer does; see mlflow-trainer.mjs. */
export type Way = 'ends' | 'names' | 'crashes' | 'stays' | 'succeeds-second' | 'until-mlflow-is-gone' | 'without-mlflow'

export interface MlflowTraining {
  readonly environment: string
  readonly name: string
  readonly way: Way
  /** Further lines of `spec`, indented by two. */
  readonly more?: string
}

/** @returns what writes specs of trainings whose trainer logs to MLflow */
export async function mlflowTrainings(cluster: Cluster): Promise<(training: MlflowTraining) => string> {
  const image = await loadNodeImage(cluster, {
    name: 'specyard.local/mlflow-trainer:1.0.0',
    // By the paths that they have here, so that the one finds the other there too.
    files: Object.fromEntries([trainer, client].map((path) => [`/app/${path}`, join(root, path)])),
    command: ['node', trainer],
  })
  return ({ way, ...told }) =>
    shellTraining(cluster, {
      ...told,
      image,
      script: `exec node /app/${trainer} ${way}`,
      memory: '{ request: 64Mi, limit: 512Mi }',
    })
}

/** Lines of an Environment's `spec`: its trainings log to this server. */
export function loggingTo({ url }: Pick<MlflowServer, 'url'>): readonly string[] {
  return [`  tracker: { mlflow: { url: '${url}' } }`]
}
