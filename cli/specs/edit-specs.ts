import type { SubmitResult } from '../../api/ports.ts'
import { raiseRerun, writeSpec } from '../../compiler/load/edit.ts'
import type { Json, JsonObject } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import { keyText, type RunKey, runId, specDigest } from '../../domain/names.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { Run } from '../../domain/run.ts'
import type { SpecState } from '../../publisher/spec-repository.ts'
import { compileSpecs } from './compile-specs.ts'
import type { Opened } from '../house/open.ts'
import { changeSpecs } from './change-specs.ts'

const askedFor = 'Asked for over the API.'

type Editing = Pick<Opened, 'settings' | 'deploy' | 'specs' | 'records' | 'pullRequests'>

/**
 * Writes a training spec from outside where specs are kept, after it has passed every check beside the specs that are there, and publishes.
 * A spec that exists answers with its run. Where changes are proposed, its run begins once that is merged.
 */
export async function submitJob(opened: Editing, spec: JsonObject): Promise<SubmitResult> {
  const key = keyOf(spec)
  const id = runId(key, specDigest('TrainingJob', blockOf(spec['spec'])))
  const known = await opened.records.runs.get(id)
  if (known) return { kind: 'exists', runId: known.id, path: known.specPath, commit: null, pullRequest: null }
  const text = writeSpec(spec)
  const path = `specs/submitted/${key.environment}-${key.project}-${key.name}.yaml`
  const added: SourceFile = { path, bytes: new TextEncoder().encode(text) }
  const state = await opened.specs.read()
  const before = state.files.find((file) => file.path === path)
  const files = [...state.files.filter((file) => file !== before), added]
  const { result, problems } = await compileSpecs(opened.settings, { ...state, files }, await opened.deploy.read())
  const plan = result.impact.starts.find((one) => one.source.path === path)
  // Published a moment ago, and not recorded yet.
  const kept = result.impact.keeps.some((one) => one.runId === id)
  if (!plan && kept) return { kind: 'exists', runId: id, path, commit: null, pullRequest: null }
  if (!plan) return { kind: 'problems', problems }
  const { commit, branch, pullRequest } = await changeSpecs(
    opened,
    { path, text, expected: before ? textOf(before) : null },
    { slug: `train-${key.name}-${key.environment}`, title: `Train ${keyText(key)}`, body: askedFor },
    keyText(key),
  )
  return { kind: branch === null ? 'written' : 'proposed', runId: plan.id, path, commit, pullRequest }
}

function keyOf(spec: JsonObject): RunKey {
  const { name, project } = blockOf(spec['metadata'])
  const { environment } = blockOf(spec['spec'])
  // What does not look like a name becomes one that the compiler's own check then reports at its place.
  const safe = (part: unknown): string =>
    typeof part === 'string' && /^[a-z0-9-]{1,63}$/.test(part) ? part : 'unnamed'
  return { environment: safe(environment), project: safe(project), name: safe(name) }
}

function blockOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

/** Asks for an ended run again: raises `spec.rerun` where the spec stands, keeping everything else, and publishes. */
export async function raiseRerunOf(
  opened: Editing,
  run: Run,
): Promise<{ path: string; commit: string | null; pullRequest: string | null; runId: string }> {
  const state = await opened.specs.read()
  const { files } = state
  const file = files.find(({ path }) => path === run.specPath)
  if (!file)
    throw new Fault('FILE_FAILED', `the spec of ${run.name} is no longer at ${run.specPath}`, {
      retry: 'never',
      hint: 'restore the spec, then raise spec.rerun in it',
    })
  const text = textOf(file)
  const raised = raiseRerun(text, { kind: 'TrainingJob', project: run.project, name: run.name })
  const words = { slug: `rerun-${run.name}-${run.environment}`, title: `Train ${keyText(run)} again`, body: askedFor }
  const change = { path: run.specPath, text: raised, expected: text }
  const { commit, pullRequest, published } = await changeSpecs(opened, change, words, keyText(run))
  const { impact } = published?.result ?? (await compiledWith(opened, state, file, raised))
  const started = impact.starts.find(
    (plan) => plan.name === run.name && plan.project === run.project && plan.environment === run.environment,
  )
  return { path: run.specPath, commit, pullRequest, runId: started?.id ?? run.id }
}

/** What the specs come to with another text of one file, which is not published. */
async function compiledWith(opened: Editing, state: SpecState, changed: SourceFile, text: string) {
  const { path } = changed
  const bytes = new TextEncoder().encode(text)
  const files = state.files.map((one) => (one === changed ? { path, bytes } : one))
  return (await compileSpecs(opened.settings, { ...state, files }, await opened.deploy.read())).result
}

function textOf(file: SourceFile): string {
  return new TextDecoder().decode(file.bytes)
}
