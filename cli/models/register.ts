import type { ModelPorts, Registered, RegisterWish } from '../../api/models/ports.ts'
import type { LedgerModelVersion } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { specArtifacts } from '../../reconciler/sources/registry.ts'
import { mirrorVersion } from '../../reconciler/registry/mirror.ts'
import type { Opened } from '../house/open.ts'
import { readModelSpec } from './model-spec.ts'
import { asRunId, findNamedRun, type NamedRun } from './runs.ts'

type Registering = Pick<Opened, 'records' | 'deploy' | 'operate' | 'registry'>

type Refusal = Extract<Awaited<ReturnType<ModelPorts['register']>>, { kind: string }>
/** A version with the model that it is of. */
interface Wanted {
  readonly project: string
  readonly model: string
  readonly version: Omit<LedgerModelVersion, 'version'>
}

export const registryMilliseconds = 60_000

/** Makes a model version of a run, and shows it in the registry. A version that is there already stays, and is shown where it was not. */
export async function registerRun(
  opened: Registering,
  name: string,
  wish: RegisterWish,
): Promise<Registered | Refusal> {
  const { records, registry } = opened
  const signal = AbortSignal.timeout(registryMilliseconds)
  const run = await findNamedRun(records, registry, name, signal)
  if (!run.own && !run.tracked)
    return refused(`there is no run ${name}`, 'name one of specyard status, or a run of the tracker by its id')
  const there = await versionOfRun(opened, run)
  const wanted = there ?? (await versionBySpec(opened, run, wish, signal))
  if ('kind' in wanted) return wanted
  const { project, model, version } = wanted
  const commit = there ? null : await addToLedger(opened, wanted)
  const known = await versionInLedger(opened, wanted)
  if (!known) return refused(`version ${version.digest} of ${project}/${model} is not in the ledger`, 'ask again')
  await records.models.absorb(project, model, null, [known])
  const shown =
    registry &&
    (await mirrorVersion(records, registry, { project, model, version: known }, run.tracked?.id ?? null, signal))
  return {
    ...{ project, model, version: known.version, digest: known.digest, commit },
    registry: shown ? { name: shown.name, version: shown.version, url: shown.url } : null,
  }
}

/** The version that a run of ours has made already. */
async function versionOfRun({ deploy }: Registering, { own }: NamedRun): Promise<Wanted | undefined> {
  if (!own) return undefined
  const { models } = readLedger((await deploy.read()).files)
  for (const { project, model, versions } of models) {
    const version = versions.find((one) => one.run.id === own.id)
    if (version) return { project, model, version }
  }
  return undefined
}

/** What the run's Serving Model Spec says that it made. */
async function versionBySpec(
  { registry }: Registering,
  { own, tracked }: NamedRun,
  wish: RegisterWish,
  signal: AbortSignal,
): Promise<Wanted | Refusal> {
  const hint = `log one first: specyard attach ${tracked?.id ?? 'RUN'} --model-spec model.yaml`
  if (!tracked || !registry)
    return refused(
      own
        ? `run ${own.name} has made no model version, and no run of a tracker is linked to it`
        : 'no tracker is connected',
      own ? 'give its spec an output, or set MLFLOW_TRACKING_URI' : 'set MLFLOW_TRACKING_URI',
    )
  const text = await registry.readArtifact(tracked.id, specArtifacts.model, signal)
  if (text === undefined) return refused(`run ${tracked.id} has no ${specArtifacts.model}`, hint)
  const read = readModelSpec(text, `${tracked.id}/${specArtifacts.model}`)
  if (read.problems) return { kind: 'problems', problems: read.problems }
  const { project, model, uri, digest, sizeBytes, framework, stage } = read.spec
  const environment = own?.environment ?? tracked.tags['specyard.environment'] ?? 'tracker'
  return {
    project: wish.project ?? project,
    model: wish.model ?? model,
    version: {
      ...{ digest, uri, sizeBytes, stage, framework, hyperparameters: tracked.params, metrics: tracked.metrics },
      run: { id: own?.id ?? asRunId(tracked.id), attempt: own?.attempt ?? 1, environment },
    },
  }
}

async function addToLedger({ operate }: Registering, { project, model, version }: Wanted): Promise<string | null> {
  const [result] = await operate([{ kind: 'register', project, model, version }])
  // Dropped where the digest is there already: a version's identity is its digest.
  return result?.applied === true ? ((result as { commit?: string }).commit ?? null) : null
}

async function versionInLedger(
  { deploy }: Registering,
  { project, model, version }: Wanted,
): Promise<LedgerModelVersion | undefined> {
  const { models } = readLedger((await deploy.read()).files)
  const entry = models.find((one) => one.project === project && one.model === model)
  return entry?.versions.find((one) => one.digest === version.digest)
}

function refused(message: string, hint: string): Refusal {
  return { kind: 'refused', message, hint }
}
