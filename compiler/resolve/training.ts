import {
  canonicalJson,
  canonicalMembers,
  canonicalObject,
  type JsonObject,
  type WrittenMembers,
} from '../../domain/canonical.ts'
import { digestOfMembers, type RunKey, runId, shortDigest, traceId } from '../../domain/names.ts'
import type { SpecSource, TrainingPlan, Variable } from '../../domain/plan.ts'
import type { FailureClass } from '../../domain/run.ts'
import type { TrainingJob } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import { jsonWithoutDollar } from '../render/scalar.ts'
import type { SpecOf } from '../validate/validate.ts'
import { namesOf, referenceHint } from './catalogue.ts'
import { type ResolvedDataset, resolveDataset } from './dataset.ts'
import { builtIn, made, noteIdentity, offered, offeredOr, written as fromSpec, writtenOr } from './origins.ts'
import { type Place, type Resolving, resolveImage, resolvePlace } from './place.ts'
import { resolveResources } from './resources.ts'
import { resolveStorage } from './storage.ts'
import { environmentPart, partAt, tell } from './tell.ts'
import { resolveTracker } from './tracker.ts'
import { checkTexts, resolveVariables } from './variables.ts'

const defaultResources = { cpu: { request: '2', limit: '4' }, memory: { request: '8Gi', limit: '16Gi' } } as const
const retriedClasses: readonly FailureClass[] = ['APP_EXIT', 'OOM']
const leaseImage = 'busybox:1.37.0'

/**
 * Resolves one training spec for its environment; undefined when that could not be found. Problems go to `resolving`.
 * @returns a plan with as many digits of its digest as it takes where its name has no other run
 */
export function resolveTraining(
  spec: SpecOf<'TrainingJob'>,
  source: Omit<SpecSource, 'path' | 'line'>,
  resolving: Resolving,
): TrainingPlan | undefined {
  const { metadata, spec: written } = spec.value
  const place = resolvePlace(written.environment, () => resolving.at.locate('/spec/environment'), resolving)
  const data = resolveDataset(written, place, resolving)
  checkOutput(written, resolving)
  if (!place) return undefined
  checkPlace(metadata.name, written, place, resolving)
  checkTexts(written, resolving)
  const key = { environment: written.environment, project: metadata.project, name: metadata.name }
  const members = canonicalMembers(written as unknown as JsonObject)
  const digest = digestOfMembers('TrainingJob', members)
  const id = runId(key, digest)
  const trace = traceId(id)
  const storage = resolveStorage(place, false, resolving)
  const tracked = resolveTracker(place, key, written.env, resolving)
  const training = trainingBlock(written, data, resolving)
  const { image, imageFolder } = resolveImage(written.image, place, resolving)
  const own = ownVariables(written, key, { id, trace }, configOf(training, members), place, resolving)
  // Nearly in order.
  const set = [...data.variables, ...own, ...tracked.variables, ...storage.variables]
  const limits = limitsOf(written, place, resolving)
  noteIdentity('TrainingJob', resolving)
  // Part by part: what is spread into an object takes the engine ten times as long as what is named.
  return {
    format: 1,
    kind: 'TrainingJob',
    id,
    traceId: trace,
    digest,
    shortDigest: shortDigest(digest, []),
    environment: key.environment,
    project: key.project,
    name: key.name,
    source: {
      commit: source.commit,
      repository: source.repository,
      dirty: source.dirty,
      path: spec.document.file,
      line: spec.document.line,
    },
    cluster: place.cluster,
    namespace: place.namespace,
    image,
    imageFolder,
    command: writtenOr(resolving, '/command', '/spec/command', written.command, []),
    arguments: writtenOr(resolving, '/arguments', '/spec/args', written.args, []),
    variables: resolveVariables(set, written.env, resolving, written.environment),
    volumes: [...data.volumes, ...storage.volumes],
    resources: resolveResources(written.resources, defaultResources, place, resolving),
    nodes: writtenOr(resolving, '/nodes', '/spec/nodes', written.nodes, 1),
    queue: writtenOr(resolving, '/queue', '/spec/queue', written.queue, null),
    lease: limits.lease,
    retry: limits.retry,
    timeoutSeconds: limits.timeoutSeconds,
    ttlSecondsAfterFinished: limits.ttlSecondsAfterFinished,
    exitGraceSeconds: limits.exitGraceSeconds,
    nodeLostSeconds: limits.nodeLostSeconds,
    terminationGraceSeconds: limits.terminationGraceSeconds,
    stall: limits.stall,
    output: outputOf(written, resolving),
    ...resolveShaping(key, resolving),
    ...(tracked.tracker ? { tracker: tracked.tracker } : none),
    training,
  }
}

const none = {}

/** What the templates and patches of the environment and the project say. */
function resolveShaping(
  { environment, project }: { readonly environment: string; readonly project: string },
  { shapes, origins }: Resolving,
): Pick<TrainingPlan, 'shaping'> {
  const shape = shapes?.of(environment, project)
  if (!shape) return none
  const { shaping, templateAt, locatePart } = shape
  if (shaping.template !== null && templateAt !== null) {
    origins?.note('/shaping/template/path', { from: 'template', where: templateAt })
    const where = { file: shaping.template.path, line: 1, column: 1 }
    origins?.note('/shaping/template/text', { from: 'template', where })
  }
  shaping.patches.forEach((_patch, index) => {
    origins?.note(`/shaping/patches/${index}`, {
      from: 'patch',
      pointer: '',
      locate: (part) => locatePart(index, part),
    })
  })
  return { shaping }
}

type Written = TrainingJob['spec']

/** How long, how often and under which conditions an attempt goes on. */
function limitsOf(written: Written, place: Place, at: Resolving) {
  const { retry, stall } = written
  const { lease, nodeLostSeconds } = place.environment.spec
  return {
    lease: {
      mode: offeredOr(at, '/lease/mode', '/spec/lease/mode', lease?.mode, 'required' as const),
      image: offeredOr(at, '/lease/image', '/spec/lease/image', lease?.image, leaseImage),
    },
    retry: {
      maxRetries: writtenOr(at, '/retry/maxRetries', '/spec/retry/maxRetries', retry?.maxRetries, 3),
      on: writtenOr(at, '/retry/on', '/spec/retry/on', retry?.on, retriedClasses),
      backoffSeconds: writtenOr(at, '/retry/backoffSeconds', '/spec/retry/backoffSeconds', retry?.backoffSeconds, 30),
      maxDisruptions: writtenOr(at, '/retry/maxDisruptions', '/spec/retry/maxDisruptions', retry?.maxDisruptions, 10),
    },
    timeoutSeconds: writtenOr(at, '/timeoutSeconds', '/spec/timeoutSeconds', written.timeoutSeconds, 86_400),
    ttlSecondsAfterFinished: writtenOr(
      at,
      '/ttlSecondsAfterFinished',
      '/spec/ttlSecondsAfterFinished',
      written.ttlSecondsAfterFinished,
      3600,
    ),
    exitGraceSeconds: writtenOr(at, '/exitGraceSeconds', '/spec/exitGraceSeconds', written.exitGraceSeconds, 30),
    nodeLostSeconds: offeredOr(at, '/nodeLostSeconds', '/spec/nodeLostSeconds', nodeLostSeconds, 300),
    terminationGraceSeconds: writtenOr(
      at,
      '/terminationGraceSeconds',
      '/spec/terminationGraceSeconds',
      written.terminationGraceSeconds,
      30,
    ),
    stall: {
      factor: writtenOr(at, '/stall/factor', '/spec/stall/factor', stall?.factor, 10),
      end: writtenOr(at, '/stall/end', '/spec/stall/end', stall?.end, false),
    },
  }
}

function outputOf(written: Written, at: Resolving): TrainingPlan['output'] {
  const { output } = written
  if (!output) return builtIn(at, '/output', null)
  return {
    model: fromSpec(at, '/output/model', '/spec/output/model', output.model),
    stage: writtenOr(at, '/output/stage', '/spec/output/stage', output.stage, 'experimental' as const),
  }
}

function trainingBlock(written: Written, data: ResolvedDataset, resolving: Resolving): JsonObject {
  if (resolving.origins) {
    for (const key of ['task', 'jobType', 'model', 'training'])
      resolving.origins.note(`/training/${key}`, { from: 'spec', pointer: `/spec/${key}` })
  }
  const { task, jobType, model, training } = written
  const { block: dataset } = data
  const block = jobType === undefined ? { task, model, dataset, training } : { task, jobType, model, dataset, training }
  return block as unknown as JsonObject
}

/** The training block as JSON. All of it but the dataset stands in the spec word for word, and was written for the digest. */
function configOf(training: JsonObject, spec: WrittenMembers): string {
  const members: Record<string, string> = {}
  for (const key of Object.keys(training))
    members[key] = (key === 'dataset' ? undefined : spec[key]) ?? canonicalJson(training[key] ?? null)
  return jsonWithoutDollar(canonicalObject(members))
}

function ownVariables(
  written: Written,
  key: RunKey,
  { id, trace }: { readonly id: string; readonly trace: string },
  config: string,
  place: Place,
  at: Resolving,
): readonly Variable[] {
  const callback = place.environment.spec.callback?.url
  const named = (name: string, value: string): Variable => ({ name, value })
  // In the order of their names, but for those that not every training has.
  const variables = [
    fromSpec(at, '/variables/EPOCHS', '/spec/training/epochs', named('EPOCHS', String(written.training.epochs))),
    made(at, '/variables/JOB_ID', 'environment, project, name and digest', named('JOB_ID', id)),
    fromSpec(at, '/variables/MODEL_NAME', '/spec/model/name', named('MODEL_NAME', written.model.name)),
    fromSpec(
      at,
      '/variables/SPECYARD_ENVIRONMENT',
      '/spec/environment',
      named('SPECYARD_ENVIRONMENT', key.environment),
    ),
    fromSpec(at, '/variables/SPECYARD_NAME', '/metadata/name', named('SPECYARD_NAME', key.name)),
    fromSpec(at, '/variables/SPECYARD_PROJECT', '/metadata/project', named('SPECYARD_PROJECT', key.project)),
    made(at, '/variables/TRACE_ID', 'the id of the run', named('TRACE_ID', trace)),
    made(at, '/variables/TRAINING_CONFIG', 'what the plan has under training', named('TRAINING_CONFIG', config)),
  ]
  if (written.output)
    variables.push(
      fromSpec(at, '/variables/OUTPUT_MODEL', '/spec/output/model', named('OUTPUT_MODEL', written.output.model)),
    )
  if (callback !== undefined)
    variables.push(
      offered(at, '/variables/BACKEND_BASE_URL', '/spec/callback/url', named('BACKEND_BASE_URL', callback)),
    )
  return variables
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

function checkPlace(called: string, written: TrainingJob['spec'], place: Place, resolving: Resolving): void {
  const { queues } = place.environment.spec
  const name = place.environment.metadata.name
  if (written.queue !== undefined && !(queues ?? []).includes(written.queue)) {
    tell(resolving, 'QUEUE_UNKNOWN', '/spec/queue', `environment "${name}" offers no queue "${written.queue}"`, {
      hint: referenceHint(written.queue, queues ?? [], 'queue in the Environment'),
      also: environmentPart(resolving, name, '/spec/queues', 'the queues of the environment'),
    })
  }
  if (place.cluster === 'kubernetes' && (written.nodes ?? 1) > 1 && !/^[a-z]/.test(called)) {
    const message = `the pods of several nodes find each other by a Service, whose name must begin with a letter, and not as "${called}" does`
    tell(resolving, 'NODES_UNSUPPORTED', '/spec/nodes', message, {
      hint: 'give the training a name that begins with a letter',
      also: partAt(resolving.at, '/metadata/name', 'its name'),
    })
  }
  if (place.cluster === 'local' && (written.nodes ?? 1) > 1) {
    tell(resolving, 'NODES_UNSUPPORTED', '/spec/nodes', 'the local cluster has one node', {
      hint: 'write nodes: 1, or use an environment on Kubernetes',
      also: environmentPart(resolving, name, '/spec/cluster', 'the cluster of the environment'),
    })
  }
}
