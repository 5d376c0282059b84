import { Fault } from '../../../domain/fault.ts'
import type { ModelRegistry, NewRegistryVersion, RegisteredModel, RegistryVersion } from '../registry.ts'
import { type MlflowSettings, mlflowAddress } from './address.ts'
import { field, list, text, trackerRun } from './answers.ts'
import {
  createMlflowApi,
  errorCodeOf,
  type MlflowApi,
  type RequestLimits,
  requestLimits,
  unlessMissing,
} from './http.ts'

/** Of a registered model with more the oldest are not looked at. */
const versionsMax = 1000
const pageVersions = 200
const artifactCharactersMax = 1024 * 1024

/**
 * MLflow's model registry by its REST API. Asks nobody until it is used.
 * @throws Fault SETTINGS_INVALID
 * @see https://mlflow.org/docs/latest/rest-api.html
 */
export function openMlflowRegistry(
  options: MlflowSettings & { readonly requests?: Partial<RequestLimits> },
): ModelRegistry {
  const address = mlflowAddress(options)
  const api = createMlflowApi(address, { ...requestLimits, ...options.requests })
  return {
    kind: 'mlflow',
    address: address.url,
    run: async (id, signal) => {
      const answer = await unlessMissing(api.get('runs/get', { run_id: id }, signal))
      const run = answer === undefined ? undefined : trackerRun(field(answer, 'run'), api.url)
      return run?.id === id ? run : undefined
    },
    model: (name, signal) => readModel(api, name, signal),
    addModel: async (name, description, signal) => {
      try {
        await api.post('registered-models/create', { name, description }, signal)
      } catch (error) {
        if (errorCodeOf(error) !== 'RESOURCE_ALREADY_EXISTS') throw error
      }
    },
    addVersion: (version, signal) => addVersion(api, version, signal),
    readArtifact: async (runId, path, signal) => {
      const names = await artifactNames(api, runId, path, signal)
      if (!names.includes(path)) return undefined
      const found = await api.text('get-artifact', { run_uuid: runId, path }, signal)
      if (found.length > artifactCharactersMax) throw tooLarge(api, path)
      return found
    },
    writeArtifact: async (runId, path, sent, signal) => {
      await api.text('ajax-api/2.0/mlflow/upload-artifact', { run_uuid: runId, path }, signal, sent)
    },
  }
}

async function readModel(api: MlflowApi, name: string, signal: AbortSignal): Promise<RegisteredModel | undefined> {
  const answer = await unlessMissing(api.get('registered-models/get', { name }, signal))
  if (answer === undefined) return undefined
  const aliases = list(field(field(answer, 'registered_model'), 'aliases')).flatMap((one) => {
    const alias = text(field(one, 'alias'))
    const version = text(field(one, 'version'))
    return alias !== null && version !== null ? [[alias, version] as const] : []
  })
  const versions: RegistryVersion[] = []
  let page: string | null = null
  while (versions.length < versionsMax) {
    const query = {
      filter: `name='${quoted(name)}'`,
      max_results: String(pageVersions),
      order_by: 'creation_timestamp DESC',
    }
    const found: unknown = await api.get(
      'model-versions/search',
      page === null ? query : { ...query, page_token: page },
      signal,
    )
    versions.push(...list(field(found, 'model_versions')).flatMap((one) => seenVersion(one, api.url) ?? []))
    page = text(field(found, 'next_page_token'))
    if (page === null) break
  }
  return { aliases: Object.fromEntries(aliases), versions }
}

async function addVersion(api: MlflowApi, version: NewRegistryVersion, signal: AbortSignal): Promise<RegistryVersion> {
  const { name, source, runId, tags, description } = version
  const answer = await api.post(
    'model-versions/create',
    {
      ...{ name, source, description, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) },
      ...(runId === null ? {} : { run_id: runId }),
    },
    signal,
  )
  const made = seenVersion(field(answer, 'model_version'), api.url)
  if (made) return made
  throw new Fault('TRACKER_UNREACHABLE', `MLflow at ${api.url} made a model version and does not say which`, {
    retry: 'soon',
    hint: 'check that MLFLOW_TRACKING_URI is the address of an MLflow tracking server',
  })
}

function seenVersion(value: unknown, url: string): RegistryVersion | undefined {
  const name = text(field(value, 'name'))
  const version = text(field(value, 'version'))
  if (name === null || version === null) return undefined
  const tags = list(field(value, 'tags')).flatMap((one) => {
    const key = text(field(one, 'key'))
    const given = field(one, 'value')
    return key !== null && typeof given === 'string' ? [[key, given] as const] : []
  })
  return {
    ...{ name, version, runId: text(field(value, 'run_id')), tags: Object.fromEntries(tags) },
    url: `${url}/#/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
  }
}

/** The files beside a path, by the server's own list: what is not there is not asked for. */
async function artifactNames(
  api: MlflowApi,
  runId: string,
  path: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const folder = path.split('/').slice(0, -1).join('/')
  const answer = await unlessMissing(api.get('artifacts/list', { run_id: runId, path: folder }, signal))
  return list(field(answer, 'files')).flatMap((one) => text(field(one, 'path')) ?? [])
}

/** Names are ours; a quote in one would end the filter. */
function quoted(name: string): string {
  return name.replaceAll("'", '')
}

function tooLarge(api: MlflowApi, path: string): Fault {
  return new Fault(
    'TRACKER_REFUSED',
    `MLflow at ${api.url}: ${path} has more than ${artifactCharactersMax} characters`,
    {
      retry: 'never',
      hint: 'a spec is a small text',
    },
  )
}
