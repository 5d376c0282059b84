import { canonicalJson, type Json, type JsonObject } from '../../domain/canonical.ts'
import { runId, specDigest, traceId } from '../../domain/names.ts'
import type { SpecSource, TrainingPlan, Variable, Volume } from '../../domain/plan.ts'
import type { FailureClass } from '../../domain/run.ts'
import type { TrainingJob } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import { jsonWithoutDollar } from '../render/scalar.ts'
import type { SpecOf } from '../validate/validate.ts'
import { namesOf, referenceHint } from './catalogue.ts'
import { type Place, type Resolving, resolveImage, resolvePlace } from './place.ts'
import { resolveResources } from './resources.ts'
import { resolveStorage } from './storage.ts'
import { resolveTracker } from './tracker.ts'
import { resolveVariables } from './variables.ts'

const defaultResources = { cpu: { request: '2', limit: '4' }, memory: { request: '8Gi', limit: '16Gi' } } as const
const defaultRetry = {
  maxRetries: 3,
  on: ['APP_EXIT', 'OOM'] as readonly FailureClass[],
  backoffSeconds: 30,
  maxDisruptions: 10,
}
const defaultSplits = { train: 0.8, validation: 0.1, test: 0.1 }
const leaseImage = 'busybox:1.37.0'

/** A plan but for the digits of the digest in its names, which depend on the other runs of the name. */
export type UnnamedTrainingPlan = Omit<TrainingPlan, 'shortDigest'>

/** Resolves one training spec for its environment; undefined when that could not be found. Problems go to `resolving`. */
export function resolveTraining(
  spec: SpecOf<'TrainingJob'>,
  source: Omit<SpecSource, 'path' | 'line'>,
  resolving: Resolving,
): UnnamedTrainingPlan | undefined {
  const { metadata, spec: written } = spec.value
  const place = resolvePlace(written.environment, () => resolving.at.locate('/spec/environment'), resolving)
  const data = resolveDataset(written, place, resolving)
  checkOutput(written, resolving)
  if (!place) return undefined
  checkPlace(written, place, resolving)
  const key = { environment: written.environment, project: metadata.project, name: metadata.name }
  const digest = specDigest('TrainingJob', written as unknown as JsonObject)
  const id = runId(key, digest)
  const storage = resolveStorage(place, false)
  const tracked = resolveTracker(place, key, written.env)
  const training = trainingBlock(written, data)
  const environment = place.environment.spec
  return {
    format: 1,
    kind: 'TrainingJob',
    id,
    traceId: traceId(id),
    digest,
    ...key,
    source: { ...source, path: spec.document.file, line: spec.document.line },
    cluster: place.cluster,
    namespace: place.namespace,
    image: written.image,
    imageFolder: resolveImage(written.image, place, resolving),
    command: written.command ?? [],
    arguments: written.args ?? [],
    variables: resolveVariables(
      [
        ...ownVariables(written, key, id, place, training),
        ...data.variables,
        ...storage.variables,
        ...tracked.variables,
      ],
      written.env,
      resolving,
    ),
    volumes: [...data.volumes, ...storage.volumes],
    resources: resolveResources(written.resources, defaultResources, place, resolving),
    nodes: written.nodes ?? 1,
    queue: written.queue ?? null,
    lease: { mode: environment.lease?.mode ?? 'required', image: environment.lease?.image ?? leaseImage },
    retry: { ...defaultRetry, ...written.retry },
    timeoutSeconds: written.timeoutSeconds ?? 86_400,
    ttlSecondsAfterFinished: written.ttlSecondsAfterFinished ?? 3600,
    exitGraceSeconds: written.exitGraceSeconds ?? 30,
    nodeLostSeconds: environment.nodeLostSeconds ?? 300,
    terminationGraceSeconds: written.terminationGraceSeconds ?? 30,
    stall: { factor: written.stall?.factor ?? 10, end: written.stall?.end ?? false },
    output: written.output ? { model: written.output.model, stage: written.output.stage ?? 'experimental' } : null,
    ...(tracked.tracker ? { tracker: tracked.tracker } : {}),
    training,
  }
}

interface ResolvedDataset {
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
  readonly block: JsonObject
}

function resolveDataset(written: TrainingJob['spec'], place: Place | undefined, resolving: Resolving): ResolvedDataset {
  const { ref, augmentation } = written.dataset
  const splits = written.dataset.splits ?? defaultSplits
  const sum = splits.train + splits.validation + splits.test
  if (Math.abs(sum - 1) > 1e-9) {
    resolving.problems.push(
      problem(
        'SPLITS_SUM',
        resolving.at.locate('/spec/dataset/splits'),
        `the splits add up to ${Number(sum.toFixed(9))}, not to 1`,
        {
          hint: 'for example train: 0.8, validation: 0.1, test: 0.1',
        },
      ),
    )
  }
  const dataset = resolving.catalogue.datasets.get(`${resolving.project}/${ref}`)
  const nothing = { variables: [], volumes: [], block: {} }
  if (!dataset && resolving.catalogue.isBroken('Dataset', resolving.project, ref)) return nothing
  if (!dataset) {
    const known = namesOf(resolving.catalogue.datasets, resolving.project)
    resolving.problems.push(
      problem(
        'DATASET_UNKNOWN',
        resolving.at.locate('/spec/dataset/ref'),
        `project "${resolving.project}" has no dataset "${ref}"`,
        {
          hint: referenceHint(ref, known, 'Dataset'),
        },
      ),
    )
    return nothing
  }
  const { uri, format, digest, version } = dataset.value.spec
  const isFolder = place?.cluster === 'local' && !/^[a-z][a-z0-9+.-]*:\/\//.test(uri)
  return {
    variables: [
      { name: 'DATASET_ID', value: ref },
      { name: 'DATASET_URI', value: isFolder ? 'dataset' : uri },
      { name: 'DATASET_FORMAT', value: format },
      { name: 'DATASET_DIGEST', value: digest ?? '' },
    ],
    volumes: isFolder ? [{ name: 'dataset', source: { hostPath: uri }, mountPath: 'dataset', readOnly: true }] : [],
    block: {
      name: ref,
      uri,
      format,
      ...(digest === undefined ? {} : { digest }),
      ...(version === undefined ? {} : { version }),
      splits: { ...splits },
      augmentation: { ...augmentation },
    },
  }
}

function trainingBlock(written: TrainingJob['spec'], data: ResolvedDataset): JsonObject {
  return JSON.parse(
    JSON.stringify({
      task: written.task,
      jobType: written.jobType,
      model: written.model,
      dataset: data.block,
      training: written.training,
    }),
  ) as JsonObject
}

function ownVariables(
  written: TrainingJob['spec'],
  key: { readonly environment: string; readonly project: string; readonly name: string },
  id: string,
  place: Place,
  training: JsonObject,
): readonly Variable[] {
  const callback = place.environment.spec.callback?.url
  return [
    { name: 'JOB_ID', value: id },
    { name: 'TRACE_ID', value: traceId(id) },
    { name: 'MODEL_NAME', value: written.model.name },
    { name: 'EPOCHS', value: String(written.training.epochs) },
    { name: 'TRAINING_CONFIG', value: jsonWithoutDollar(canonicalJson(training as Json)) },
    { name: 'SPECYARD_ENVIRONMENT', value: key.environment },
    { name: 'SPECYARD_PROJECT', value: key.project },
    { name: 'SPECYARD_NAME', value: key.name },
    ...(written.output ? [{ name: 'OUTPUT_MODEL', value: written.output.model }] : []),
    ...(callback === undefined ? [] : [{ name: 'BACKEND_BASE_URL', value: callback }]),
  ]
}

function checkOutput(written: TrainingJob['spec'], resolving: Resolving): void {
  const model = written.output?.model
  if (model === undefined || resolving.catalogue.models.has(`${resolving.project}/${model}`)) return
  if (resolving.catalogue.isBroken('Model', resolving.project, model)) return
  const known = namesOf(resolving.catalogue.models, resolving.project)
  resolving.problems.push(
    problem(
      'MODEL_UNKNOWN',
      resolving.at.locate('/spec/output/model'),
      `project "${resolving.project}" has no model "${model}"`,
      {
        hint: referenceHint(model, known, 'Model'),
      },
    ),
  )
}

function checkPlace(written: TrainingJob['spec'], place: Place, resolving: Resolving): void {
  const { queues } = place.environment.spec
  const name = place.environment.metadata.name
  if (written.queue !== undefined && !(queues ?? []).includes(written.queue)) {
    resolving.problems.push(
      problem(
        'QUEUE_UNKNOWN',
        resolving.at.locate('/spec/queue'),
        `environment "${name}" offers no queue "${written.queue}"`,
        {
          hint: referenceHint(written.queue, queues ?? [], 'queue in the Environment'),
        },
      ),
    )
  }
  if (place.cluster === 'local' && (written.nodes ?? 1) > 1) {
    resolving.problems.push(
      problem('NODES_UNSUPPORTED', resolving.at.locate('/spec/nodes'), 'the local cluster has one node', {
        hint: 'write nodes: 1, or use an environment on Kubernetes',
      }),
    )
  }
}
