import type { Json } from '../../domain/canonical.ts'
import { type EndpointLedger, paths, type RunLedger } from '../../domain/ledger.ts'
import { readLedger, readRunLedger } from '../../domain/ledger-files.ts'
import { jobName, keyText, shortDigest } from '../../domain/names.ts'
import type { Destination, EndpointPlan, ModelPin, TrainingPlan } from '../../domain/plan.ts'
import type { Place } from '../../domain/problem.ts'
import { highestRevision, lastAsked } from '../../domain/rollout.ts'
import type { CompileInput } from '../compile-types.ts'
import { decidePin, waitMessage } from '../ledger/endpoints.ts'
import { loadDocuments } from '../load/document.ts'
import { valueAt } from '../load/walk.ts'
import { type DeployAddress, renderEndpointApplication, renderJobsApplication } from '../render/application.ts'
import { type RenderedAttempt, renderJob, shapeJob } from '../render/job.ts'
import { renderValues } from '../render/values.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import type { Shape } from '../shape/shapes.ts'
import type { Explained, ExplainedFile, ExplainedOrigin, ExplainedValue } from './explained.ts'
import { dotted, leavesOf } from './leaves.ts'
import { explainLines } from './lines.ts'
import { withShaping } from './shaped.ts'

/** A plan but for the digits of the digest in its names, which depend on the other runs of the name. */
export type UnnamedTrainingPlan = Omit<TrainingPlan, 'shortDigest'>

/** A spec that was resolved. */
export type Subject =
  | {
      readonly kind: 'TrainingJob'
      readonly plan: UnnamedTrainingPlan
      readonly destination: Destination
      /** Undefined where nobody shapes the manifest. */
      readonly shape: Shape | undefined
    }
  | { readonly kind: 'ServingEndpoint'; readonly plan: EndpointPlan }

type Files = Pick<Explained, 'files' | 'waits'>

/** What is known of the values of a plan. */
export interface Told {
  readonly values: readonly ExplainedValue[]
  /** @param named into the plan, or to what was chosen beside it */
  originAt(named: string): ExplainedOrigin
}

const plain = { where: null, note: '', overrides: null, written: null } as const

/** The manifest of a training's newest attempt as it would be rendered today, and the Application over its folder. */
export function explainTrainingFiles(
  { plan, destination, shape }: Extract<Subject, { kind: 'TrainingJob' }>,
  input: CompileInput,
  { values, originAt }: Told,
  known: Catalogue,
  rendered: boolean,
): Files {
  if (!rendered) return { files: [], waits: null }
  const entry = readRunLedger(input.deployed.files, plan)
  const { attempt, digits } = newestAttempt(plan, entry)
  // The text of a template is no value whose change could be tried: its lines are told by themselves.
  const template = plan.shaping?.template ?? null
  const { shaping, ...unshaped } = plan
  const patches = shaping?.patches ?? []
  const patched = patches.length === 0 ? {} : { shaping: { template: null, patches } }
  const job: { readonly plan: TrainingPlan; readonly attempt: RenderedAttempt } = {
    plan: { ...unshaped, ...patched, shortDigest: digits },
    attempt,
  }
  const whole = (one: TrainingPlan): TrainingPlan =>
    template ? { ...one, shaping: { template, patches: one.shaping?.patches ?? [] } } : one
  const file = jobName(plan.name, digits, attempt.attempt)
  const manifest = explainFile(
    paths.job(plan.environment, plan.project, file),
    job as unknown as Json,
    (one) => {
      const changed = one as unknown as typeof job
      return renderJob(whole(changed.plan), changed.attempt)
    },
    origins(values, [
      ['attempt', { ...plain, from: entry ? 'ledger' : 'made', note: 'the attempt of the run' }],
      ['plan.shortDigest', { ...plain, from: 'made', note: 'the first digits of the digest' }],
    ]),
  )
  const applicationPath = paths.jobsApplication(plan.environment, plan.project)
  const queues =
    known.trainingJobs.some(
      ({ value }) =>
        value.spec.queue !== undefined &&
        value.spec.environment === plan.environment &&
        value.metadata.project === plan.project,
    ) ||
    (input.deployed.files.get(applicationPath)?.includes('RespectIgnoreDifferences=true') ?? false)
  const folder = {
    plan: { environment: plan.environment, project: plan.project, namespace: plan.namespace },
    destination,
    queues,
    deploy: deployOf(plan.environment, input, known),
  }
  const application = explainFile(
    applicationPath,
    folder as unknown as Json,
    (one) => {
      const changed = one as unknown as typeof folder
      const { destination: to, queues: queued } = changed
      return renderJobsApplication({ ...changed.plan, destination: to, queues: queued }, changed.deploy)
    },
    origins(values, [
      ['destination', originAt('/destination/server')],
      ['queues', { ...plain, from: 'made', note: 'whether a training of this folder names a queue' }],
      ...deployOrigins(plan.environment, input, known),
    ]),
  )
  const whoShaped = shape && withShaping(manifest, shapeJob(whole(job.plan), attempt), shape)
  return { files: [whoShaped ?? manifest, application], waits: null }
}

/** How Argo CD reaches the files of an environment: on its own branch, where it has one. */
function deployOf(environment: string, { deploy }: CompileInput, known: Catalogue): DeployAddress {
  return { url: deploy.url, branch: known.environments.get(environment)?.value.spec.branch ?? deploy.branch }
}

/** Where that is written: in specyard.yaml, but for the branch of an Environment that has its own. */
function deployOrigins(
  environment: string,
  { settings }: CompileInput,
  known: Catalogue,
): readonly (readonly [string, ExplainedOrigin])[] {
  const [document] = settings ? loadDocuments(settings).documents : []
  const inSettings = (key: string): ExplainedOrigin => {
    const written = `deploy.${key}`
    if (valueAt(document?.value, `/deploy/${key}`) === undefined) return { ...plain, from: 'default', written }
    return { ...plain, from: 'settings', where: document?.locate(`/deploy/${key}`) ?? null, written }
  }
  const spec = known.environments.get(environment)
  const own: ExplainedOrigin | undefined =
    spec?.value.spec.branch !== undefined
      ? {
          ...plain,
          from: 'environment',
          where: spec.document.locate('/spec/branch'),
          note: 'spec.branch',
          written: 'spec.branch',
        }
      : undefined
  return [
    ['deploy.branch', own ?? inSettings('branch')],
    ['deploy', inSettings('repository')],
  ]
}

/** The chart values of an endpoint with the model version that it is pinned to, and its Application. */
export function explainEndpointFiles(
  { plan }: Extract<Subject, { kind: 'ServingEndpoint' }>,
  input: CompileInput,
  { values }: Told,
  catalogue: Catalogue,
  rendered: boolean,
): Files {
  const ledger = readLedger(input.deployed.files)
  const old = ledger.endpoints.find((one) => keyText(one) === keyText(plan))
  const models = ledger.models.find((one) => one.project === plan.project && one.model === plan.model.ref)
  const pin = decidePin(plan, old ? lastAsked(old).pin : null, models)
  if (pin === 'unknown')
    return { files: [], waits: `model ${plan.model.ref} has no version ${String(plan.model.version)}` }
  if (pin === null) return { files: [], waits: waitMessage(plan, models) }
  if (!rendered) return { files: [], waits: null }
  const revision = old?.plan.digest === plan.digest ? old.revision : (old ? highestRevision(old) : 0) + 1
  const subject = {
    plan: { ...plan, chartVersion: chartOf(plan, old) },
    pin,
    revision,
    deploy: deployOf(plan.environment, input, catalogue),
  }
  const known = origins(values, [
    ['pin', pinOrigin(plan, pin)],
    ['revision', { ...plain, from: 'ledger', where: ledgerPlace(plan), note: 'the number of the release' }],
    ...deployOrigins(plan.environment, input, catalogue),
  ])
  const part = (one: Json): typeof subject => one as unknown as typeof subject
  return {
    files: [
      explainFile(
        paths.endpointValues(plan),
        subject as unknown as Json,
        (one) => renderValues({ plan: part(one).plan, pin: part(one).pin, revision: part(one).revision }, null),
        known,
      ),
      explainFile(
        paths.endpointApplication(plan),
        subject as unknown as Json,
        (one) => renderEndpointApplication(part(one).plan, part(one).deploy as DeployAddress),
        known,
      ),
    ],
    waits: null,
  }
}

/** An endpoint keeps the chart that it was released with for as long as nothing else of it changes. */
function chartOf(plan: EndpointPlan, old: EndpointLedger | undefined): string {
  const asked = old && lastAsked(old).plan
  return asked?.digest === plan.digest ? asked.chartVersion : plan.chartVersion
}

function pinOrigin(plan: EndpointPlan, pin: ModelPin): ExplainedOrigin {
  const models = { file: paths.modelLedger(plan.project, plan.model.ref), line: 1, column: 1 }
  if (plan.model.version !== null)
    return { ...plain, from: 'ledger', where: models, note: `version ${pin.version}, which the spec pins` }
  if (plan.follow === 'newest')
    return { ...plain, from: 'ledger', where: models, note: 'the newest version, which the environment follows' }
  return { ...plain, from: 'ledger', where: ledgerPlace(plan), note: 'the version that the environment serves' }
}

function ledgerPlace(plan: EndpointPlan): Place {
  return { file: paths.endpointLedger(plan), line: 1, column: 1 }
}

function newestAttempt(
  plan: UnnamedTrainingPlan,
  entry: RunLedger | undefined,
): { readonly attempt: RenderedAttempt; readonly digits: string } {
  const run = entry?.runs.find((one) => one.id === plan.id)
  const last = run?.attempts.at(-1)
  const others = (entry?.runs ?? []).map((one) => one.digest)
  return {
    attempt: { attempt: last?.attempt ?? 1, checkpointUri: last?.checkpointUri ?? null },
    digits: run?.shortDigest ?? shortDigest(plan.digest, others),
  }
}

type OriginOf = (pointer: string, value: Json) => ExplainedValue

/** Origins of a subject: those of its plan, and those of what is rendered beside it, by the beginning of their paths. */
function origins(values: readonly ExplainedValue[], beside: readonly (readonly [string, ExplainedOrigin])[]): OriginOf {
  const ofPlan = new Map(values.map((one) => [one.path, one]))
  return (pointer, value) => {
    const path = dotted(pointer)
    const own = beside.find(([beginning]) => path === beginning || path.startsWith(`${beginning}.`))
    const known = path.startsWith('plan.') ? ofPlan.get(path.slice('plan.'.length)) : undefined
    return known ?? { path, value, origin: own?.[1] ?? { ...plain, from: 'made', note: 'Specyard' } }
  }
}

/** Whether a patch is for a kind at all says nothing of a line that a part of the patch is found for. */
function withoutTargets(pointers: readonly string[]): readonly string[] {
  const patchOf = (pointer: string): string | undefined => /^\/plan\/shaping\/patches\/\d+\//.exec(pointer)?.[0]
  const isTarget = (pointer: string): boolean => /^\/plan\/shaping\/patches\/\d+\/kind$/.test(pointer)
  const found = new Set(pointers.filter((one) => !isTarget(one)).map(patchOf))
  return pointers.filter((one) => !isTarget(one) || !found.has(patchOf(one)))
}

function explainFile(path: string, subject: Json, render: (one: Json) => string, originOf: OriginOf): ExplainedFile {
  const leaves = new Map(leavesOf(subject).map(({ named, value }) => [named, value]))
  const lines = explainLines(subject, render).map(({ text, values }) => ({
    text,
    values: withoutTargets(values).map((pointer) => originOf(pointer, leaves.get(pointer) ?? null)),
  }))
  return { path, lines }
}
