import { type Cluster, realNodeOf } from './cluster.ts'
import { trainingSpec, type Yard } from './yard.ts'

/*
 * Trainings that are a few lines of shell: what a test is about is how they end, not what they learn, and dozens of them run beside each other.
 */

export interface ShellTraining {
  readonly environment: string
  readonly name: string
  readonly script: string
  /** Further lines of `spec`, indented by two. */
  readonly more?: string
  readonly image?: string
  /** In place of the usual `{ request, limit }`, as YAML. */
  readonly memory?: string
  readonly cpu?: string
  /** GPUs of a type of the environment. */
  readonly gpus?: { readonly count: number; readonly type: string }
  readonly timeoutSeconds?: number
  readonly seed?: number
}

export function shellTraining(cluster: Cluster, told: ShellTraining): string {
  const { environment, name, script, more = '', seed = 1 } = told
  const { memory = '{ request: 16Mi, limit: 64Mi }', cpu = "{ request: 10m, limit: '1' }", timeoutSeconds = 600 } = told
  const gpus = told.gpus ? `\n    gpus: ${told.gpus.count}\n    gpuType: ${told.gpus.type}` : ''
  const { busybox } = realNodeOf(cluster).images
  const spec = trainingSpec(cluster, { environment, name, command: ['sh', '-c', script], seed, more })
  return spec
    .replace(/^ {2}image: .*$/m, `  image: '${told.image ?? busybox}'`)
    .replace(/^ {4}cpu: .*$/m, `    cpu: ${cpu}`)
    .replace(/^ {4}memory: .*$/m, `    memory: ${memory}${gpus}`)
    .replace(/^ {2}timeoutSeconds: .*$/m, `  timeoutSeconds: ${timeoutSeconds}`)
    .replace(/^ {2}output: .*\n/m, '')
}

/** Merges a training into a yard's specs, as a file of its name. */
export async function mergeTraining(
  cluster: Cluster,
  { environment, merge }: Pick<Yard, 'environment' | 'merge'>,
  name: string,
  training: Omit<ShellTraining, 'environment' | 'name'>,
): Promise<void> {
  await merge({ [`${name}.yaml`]: shellTraining(cluster, { environment, name, ...training }) })
}

/** Stands still until it is told to stop, and stops at once then. */
export const untilStopped = `trap 'exit 143' TERM; sleep 3600 & wait $!`

/** Says something as any trainer may. @param kind `heartbeat`, `event`, `done` */
export function says(kind: string, body: Readonly<Record<string, unknown>>): string {
  const fields = JSON.stringify(body).slice(1)
  return [
    `wget -q -O - --header "Authorization: Bearer $CALLBACK_TOKEN" --header 'Content-Type: application/json'`,
    `--post-data '{"pod_uid":"'$POD_UID'",${fields}'`,
    `"$BACKEND_BASE_URL/v1/jobs/$JOB_ID/${kind}"`,
  ].join(' ')
}

/** Says that it has succeeded, and ends. */
export const saysItSucceeded = says('done', { sequence: 1, outcome: 'SUCCEEDED', message: 'said by the shell' })
