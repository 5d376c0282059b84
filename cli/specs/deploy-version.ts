import type { DeployPlan, DeployRequest } from '../../api/lifecycle/ports.ts'
import { setValue } from '../../compiler/load/set-value.ts'
import type { Json } from '../../domain/canonical.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { EndpointLedger } from '../../domain/ledger.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { endpointId, keyText } from '../../domain/names.ts'
import { hasErrors } from '../../domain/problem.ts'
import type { Deployed, SourceFile } from '../../domain/publication.ts'
import type { Opened } from '../house/open.ts'
import { changeSpecs, isProposed } from './change-specs.ts'
import { compileSpecs } from './compile-specs.ts'
import { specChanges } from './deployment-spec.ts'

type Deploying = Pick<Opened, 'settings' | 'deploy' | 'specs' | 'records' | 'pullRequests'>

/**
 * Plans the change of a spec by which an endpoint serves a model version: checked like any other, and made by `carryOut`.
 * @param now for the record of an endpoint that is new
 */
export async function planDeploy(opened: Deploying, request: DeployRequest, now: () => Date): Promise<DeployPlan> {
  const deployed = await opened.deploy.read()
  const found = entryFor(deployed, request)
  if ('kind' in found) return found
  const { entry, environment } = found
  const endpoint = await recordOf(opened, entry, environment, now())
  if (isServed(entry, environment, request)) return { kind: 'unchanged', endpoint }
  const state = await opened.specs.read()
  const { path } = entry.plan.source
  const file = state.files.find((one) => one.path === path)
  if (!file)
    return refused(`the spec of ${entry.name} is no longer at ${path}`, 'restore it, or publish what has become of it')
  const text = new TextDecoder().decode(file.bytes)
  const changed = change(text, entry, environment, request)
  if (changed === text) return { kind: 'unchanged', endpoint }
  const bytes = new TextEncoder().encode(changed)
  const files = state.files.map((one): SourceFile => (one === file ? { path, bytes } : one))
  const { problems } = await compileSpecs(opened.settings, { ...state, files }, deployed)
  if (hasErrors(problems)) return { kind: 'problems', problems }
  return {
    kind: 'planned',
    endpoint,
    message: isProposed(opened) ? `${path} changes once its pull request is merged` : `${path} is changed`,
    carryOut: async () => {
      const { commit, pullRequest } = await changeSpecs(
        opened,
        { path, text: changed, expected: text },
        {
          slug: `deploy-${entry.name}-${environment}`,
          title: `Serve ${request.version.model}@${request.version.version} as ${environment}/${entry.project}/${entry.name}`,
          body: 'Asked for over the API.',
        },
        keyText({ ...entry, environment }),
      )
      return { commit, pullRequest }
    },
  }
}

/** The endpoint that is meant: in the environment, or one whose spec is to name that environment too. */
function entryFor(
  deployed: Deployed,
  { version, environments, endpoint }: DeployRequest,
): { readonly entry: EndpointLedger; readonly environment: string } | Extract<DeployPlan, { kind: 'refused' }> {
  const ledger = readLedger(deployed.files)
  const known = ledger.environments.map((one) => one.environment)
  const environment = environments.find((one) => known.includes(one))
  if (environment === undefined)
    return refused(`there is no Environment ${environments.join(' or ')}`, `use one of: ${known.join(', ')}`)
  const serving = ledger.endpoints.filter(
    (one) =>
      one.project === version.project &&
      one.plan.model.ref === version.model &&
      (endpoint === null || one.name === endpoint),
  )
  const there = serving.filter((one) => one.environment === environment)
  const some = there.length > 0 ? there : serving
  const names = [...new Set(some.map((one) => one.name))]
  const [entry] = some
  if (names.length > 1)
    return refused(`endpoints ${names.join(', ')} serve ${version.model}`, 'name one of them as `endpoint`')
  if (!entry)
    return refused(
      `no endpoint serves ${version.model}${endpoint === null ? '' : ` under the name ${endpoint}`}`,
      'write a ServingEndpoint for it, or propose the one that its run logged: specyard deploy MODEL@VERSION',
    )
  return { entry, environment }
}

function isServed(entry: EndpointLedger, environment: string, request: DeployRequest): boolean {
  const { instances, instanceType, autoScaling, deploymentSpec, version } = request
  const asksForMore = [instances, instanceType, autoScaling, deploymentSpec].some((one) => one !== null)
  return entry.environment === environment && entry.pin?.digest === version.digest && !asksForMore
}

/** The text of the spec file with what was asked for, and everything else as it is. */
function change(text: string, entry: EndpointLedger, environment: string, request: DeployRequest): string {
  const wanted = { kind: 'ServingEndpoint', project: entry.project, name: entry.name }
  let changed = text
  const set = (path: readonly string[], value: Json): void => {
    changed = setValue(changed, wanted, ['spec', 'environments', environment, ...path], value)
  }
  const { plan } = entry
  const { instances, instanceType, autoScaling, deploymentSpec, version } = request
  set(['model', 'version'], version.version)
  for (const [path, value] of specChanges(deploymentSpec)) set(path, value)
  if (instances !== null) {
    const max = autoScaling === false ? instances : Math.max(plan.replicas.max, instances)
    set(['replicas'], { min: instances, max })
  }
  if (autoScaling === true && plan.autoscale === null) set(['autoscale'], { cpuUtilization: 70 })
  if (autoScaling === false && plan.autoscale !== null) set(['autoscale'], null)
  if (instanceType === 'cpu' && plan.resources.gpus > 0) set(['resources', 'gpus'], 0)
  if (instanceType !== null && instanceType !== 'cpu' && instanceType !== plan.resources.gpuType)
    set(['resources', 'gpuType'], instanceType)
  return changed
}

/** The record of the endpoint; of one that is new to its environment what it will begin with. */
async function recordOf(
  { records }: Deploying,
  entry: EndpointLedger,
  environment: string,
  at: Date,
): Promise<Endpoint> {
  const { project, name, plan } = entry
  const key = { environment, project, name }
  const known = await records.endpoints.get(key)
  if (known) return known
  return {
    ...{ id: endpointId(key), ...key, route: plan.route, status: 'waiting', reason: '', message: '', url: null },
    ...{ modelVersion: null, modelDigest: null, model: plan.model.ref, framework: plan.framework },
    ...{ minReplicas: plan.replicas.min, maxReplicas: plan.replicas.max, specPath: plan.source.path },
    ...{ specLine: plan.source.line, deploymentSpec: plan.deploymentSpec, lastHealthCheck: null, revision: 0 },
    ...{ version: 0, createdAt: at, updatedAt: at },
  }
}

function refused(message: string, hint: string): Extract<DeployPlan, { kind: 'refused' }> {
  return { kind: 'refused', message, hint }
}
