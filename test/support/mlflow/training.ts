import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadAll } from 'js-yaml'
import { renderJob } from '../../../compiler/render/job.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import type { Attempt, Run } from '../../../domain/run.ts'
import type { Records } from '../../../records/records.ts'
import { compileTexts, training } from '../compiler.ts'
import { sampleAttempt, sampleEvent, sampleRun } from '../records.ts'
import { mlflowEnvironment, mlflowPython } from './server.ts'

/** The documents of an environment whose tracker is at this address, or that has none. */
export function environmentWith(mlflow: string): string {
  const tracker = mlflow === '' ? '' : `, tracker: { mlflow: ${mlflow} }`
  return `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, images: { example/trainer: trainer }${tracker} }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
}

/** The plan of a training of this name, compiled. */
export function trackedPlan(name: string, url: string): TrainingPlan {
  return compileTexts([training(name)], undefined, environmentWith(`{ url: "${url}" }`)).impact
    .starts[0] as TrainingPlan
}

/** Adds the run of a plan as it was decided; its attempts ended a moment ago, unless told otherwise. */
export async function addPlanned(
  records: Records,
  plan: TrainingPlan,
  attempts: readonly Partial<Attempt>[],
): Promise<Run> {
  const now = new Date()
  const made = attempts.map((one, index) =>
    sampleAttempt({
      ...{ attempt: index + 1, state: 'FAILED', failureClass: 'APP_EXIT' },
      ...{ startedAt: new Date(now.getTime() - 3600_000), endedAt: now },
      ...one,
    }),
  )
  const last = made.at(-1)
  const { id, traceId, digest, environment, project, name } = plan
  const run = sampleRun({
    ...{ id, traceId, digest, environment, project, name, attempts: made, attempt: made.length },
    ...{ state: last?.state ?? 'PENDING', completedAt: last?.endedAt ?? null },
  })
  await records.runs.create(run, plan, sampleEvent)
  return run
}

interface Manifest {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
}
interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[]
}

/** The literal variables of a manifest's trainer. */
export function variablesOf(manifest: string): Readonly<Record<string, string>> {
  const job = loadAll(manifest).find((one) => (one as { kind?: string }).kind === 'Job') as Manifest
  const { env } = job.spec.template.spec.containers[0] as Container
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))
}

/**
 * Runs the trainer with what the manifest of the attempt gives it of MLflow.
 * @returns the words that it printed last: ids of runs
 */
export async function train(
  plan: TrainingPlan,
  attempt: number,
  ...how: readonly string[]
): Promise<readonly string[]> {
  return trainAs({}, plan, attempt, ...how)
}

/** The same with what the Secrets of its environment would give it. */
export async function trainAs(
  secrets: Readonly<Record<string, string>>,
  plan: TrainingPlan,
  attempt: number,
  ...how: readonly string[]
): Promise<readonly string[]> {
  const given = variablesOf(renderJob(plan, { attempt, checkpointUri: null }))
  const mlflow = Object.entries(given).filter(([name]) => name.startsWith('MLFLOW_'))
  return python({ ...mlflowEnvironment(), ...Object.fromEntries(mlflow), ...secrets }, how)
}

/** Runs the trainer with nothing but the server's address. */
export async function trainUntagged(url: string, ...how: readonly string[]): Promise<readonly string[]> {
  return python({ ...mlflowEnvironment(), MLFLOW_TRACKING_URI: url }, how)
}

async function python(env: Record<string, string>, how: readonly string[]): Promise<readonly string[]> {
  const program = join(import.meta.dirname, 'trainer.py')
  const ran = promisify(execFile)(mlflowPython(), [program, ...how], { env, timeout: 100_000 })
  // A trainer that crashes on purpose has printed what it is asked for.
  const { stdout, signal, stderr } = await ran.then(
    (out) => ({ ...out, signal: null }),
    (error: { stdout: string; stderr: string; signal: string | null }) => error,
  )
  const line = stdout.split('\n').findLast((one) => /^[0-9a-f{]/.test(one))
  if (line === undefined || (signal !== null && !how[0]?.includes('crashes')))
    throw new Error(`the trainer failed: ${stderr}`)
  return line.startsWith('{') ? [line] : line.trim().split(' ')
}
