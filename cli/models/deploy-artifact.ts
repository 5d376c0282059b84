import type { Proposing } from '../../api/models/ports.ts'
import { loadDocuments } from '../../compiler/load/document.ts'
import { findSpec, setValue, type SpecName } from '../../compiler/load/set-value.ts'
import { hasErrors, type Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { SpecState } from '../../publisher/spec-repository.ts'
import type { ModelVersion } from '../../records/records.ts'
import { specArtifacts } from '../../reconciler/sources/registry.ts'
import type { Opened } from '../house/open.ts'
import { compileSpecs } from '../specs/compile-specs.ts'
import { registryMilliseconds } from './register.ts'
import { trackerRunOf } from '../../reconciler/registry/showing.ts'

type Deploying = Pick<Opened, 'settings' | 'records' | 'deploy' | 'specs' | 'registry'>

/**
 * Proposes the Serving Endpoint Spec that the run of a model version left, after it has passed every check beside the specs that are there; its
 * problems have their places in the artifact. What is deployed is what is merged.
 */
export async function deployArtifact(opened: Deploying, wanted: string): Promise<Proposing> {
  const version = await namedVersion(opened, wanted)
  if ('kind' in version) return version
  const { registry } = opened
  if (!registry) return refused('no tracker is connected', 'set MLFLOW_TRACKING_URI')
  const run = await trackerRunOf(opened.records, version)
  if (run === undefined)
    return refused(`no run of a tracker is linked to ${wanted}`, 'specyard trace says what it came from')
  const signal = AbortSignal.timeout(registryMilliseconds)
  const artifact = await registry.readArtifact(run, specArtifacts.endpoint, signal)
  if (artifact === undefined)
    return refused(
      `run ${run} has no ${specArtifacts.endpoint}`,
      `log one: specyard attach ${run} --endpoint-spec endpoint.yaml`,
    )
  const place = `${run}/${specArtifacts.endpoint}`
  const name = endpointName(artifact)
  if (!name) return notOne(artifact, place)
  const state = await opened.specs.read()
  const beside = placed(state, artifact, name)
  const problems = await problemsOf(opened, state, beside.path, beside.text)
  if (hasErrors(problems)) return { kind: 'problems', problems: problems.map((one) => moved(one, beside, place)) }
  const text = setValue(beside.text, name, ['spec', 'model', 'version'], version.version)
  if (text === beside.before) return { kind: 'unchanged', message: `${beside.path} says just that already` }
  const pinned = await problemsOf(opened, state, beside.path, text)
  if (hasErrors(pinned)) return { kind: 'problems', problems: pinned }
  const proposed = await opened.specs.propose(
    { path: beside.path, text, expected: beside.before },
    {
      slug: `deploy-${name.name}`,
      title: `Serve ${version.model}@${version.version} as ${name.project}/${name.name}`,
      body: `The Serving Endpoint Spec that run ${run} left beside the model, with the version pinned.`,
    },
  )
  return { kind: 'proposed', path: beside.path, ...proposed }
}

async function namedVersion(
  { records }: Deploying,
  wanted: string,
): Promise<ModelVersion | Extract<Proposing, { kind: 'refused' }>> {
  const [, project, model = '', number] = /^(?:([^/@]+)\/)?([^/@]+)@(\d+)$/.exec(wanted) ?? []
  const found = await records.models.list({ model, ...(project === undefined ? {} : { project }) })
  const versions = found.filter((one) => String(one.version) === number)
  const [version, another] = versions
  if (!version) return refused(`there is no model version ${wanted}`, 'name one as model@1 or project/model@1')
  if (another) return refused(`several projects have a model version ${wanted}`, 'name it as project/model@1')
  return version
}

function endpointName(artifact: string): SpecName | undefined {
  const { documents } = loadDocuments({ path: 'artifact', bytes: new TextEncoder().encode(artifact) })
  const value = documents.length === 1 ? documents[0]?.value : undefined
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { project?: unknown; name?: unknown } }
  if (kind !== 'ServingEndpoint' || !isName(metadata?.project) || !isName(metadata.name)) return undefined
  return { kind, project: metadata.project, name: metadata.name }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
}

function notOne(artifact: string, place: string): Proposing {
  const { problems } = loadDocuments({ path: place, bytes: new TextEncoder().encode(artifact) })
  if (problems.length > 0) return { kind: 'problems', problems }
  return refused(
    `${place} is not one ServingEndpoint with a project and a name`,
    'log a spec as it would stand in the spec repository',
  )
}

interface Placed {
  readonly path: string
  readonly text: string
  /** The file as it is; null where it is new. */
  readonly before: string | null
  /** How many lines of the file stand before the spec. */
  readonly linesBefore: number
}

/** Where the spec goes: in place of the one of its name, or into a file of its own. */
function placed({ files }: SpecState, artifact: string, name: SpecName): Placed {
  const own = artifact.endsWith('\n') ? artifact : `${artifact}\n`
  for (const file of files) {
    const before = new TextDecoder().decode(file.bytes)
    const range = rangeOf(before, name)
    if (!range) continue
    const [from, to] = range
    const lead = before.slice(0, from)
    return { path: file.path, text: lead + own + before.slice(to), before, linesBefore: lead.split('\n').length - 1 }
  }
  return { path: `specs/deployed/${name.project}-${name.name}.yaml`, text: own, before: null, linesBefore: 0 }
}

function rangeOf(text: string, name: SpecName): readonly [from: number, to: number] | undefined {
  if (!text.includes(name.name)) return undefined
  try {
    const { range } = findSpec(text, name).contents as { range?: readonly number[] | null }
    return range ? [range[0] ?? 0, range[2] ?? range[1] ?? 0] : undefined
  } catch {
    return undefined
  }
}

async function problemsOf(
  { settings, deploy }: Deploying,
  state: SpecState,
  path: string,
  text: string,
): Promise<readonly Problem[]> {
  const file: SourceFile = { path, bytes: new TextEncoder().encode(text) }
  const files = [...state.files.filter((one) => one.path !== path), file]
  return (await compileSpecs(settings, { ...state, files }, await deploy.read())).problems
}

/** A problem of the spec at its place in the artifact; those of other specs stay where they are. */
function moved(one: Problem, { path, linesBefore }: Placed, artifact: string): Problem {
  if (one.where.file !== path || one.where.line <= linesBefore) return one
  const { line, column, end } = one.where
  return {
    ...one,
    where: {
      ...{ file: artifact, line: line - linesBefore, column },
      ...(end && { end: { line: end.line - linesBefore, column: end.column } }),
    },
  }
}

function refused(message: string, hint: string): Extract<Proposing, { kind: 'refused' }> {
  return { kind: 'refused', message, hint }
}
