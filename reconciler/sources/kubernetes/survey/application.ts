import { list, mapping, text } from '../../../observed/asked.ts'
import type { ApplicationResource, ApplicationSource, ForeignApplication } from '../../../observed/cluster.ts'
import { withoutObjects } from '../../../observed/messages.ts'
import type { ApiApplication, ApiObject } from '../projection/api-object.ts'
import { seenApplication } from '../projection/application.ts'
import { time } from '../projection/fields.ts'

type Values = Readonly<Record<string, unknown>>

/** Any Application, with what it asks of Argo CD. */
export function foreignApplication(object: ApiObject): ForeignApplication | undefined {
  const seen = seenApplication(withoutQuotes(object))
  if (!seen) return undefined
  const root = object as unknown as Values
  const [spec, status] = [mapping(root['spec']), mapping(root['status'])]
  const destination = mapping(spec['destination'])
  const policy = mapping(spec['syncPolicy'])
  const automated = policy['automated']
  const automation = mapping(automated)
  const isAutomated = typeof automated === 'object' && automated !== null && automation['enabled'] !== false
  const operation = mapping(status['operationState'])
  const initiatedBy = mapping(mapping(operation['operation'])['initiatedBy'])
  return {
    name: seen.name,
    namespace: object.metadata?.namespace ?? '',
    sources: sourcesOf(spec),
    destination: {
      server: text(destination['server']) ?? '',
      name: text(destination['name']) ?? '',
      namespace: text(destination['namespace']) ?? '',
    },
    automated: isAutomated,
    selfHeal: isAutomated && automation['selfHeal'] === true,
    prune: isAutomated && automation['prune'] === true,
    syncOptions: list(policy['syncOptions']).flatMap((one) => text(one) ?? []),
    seen,
    sync: text(mapping(status['sync'])['status']) ?? '',
    health: text(mapping(status['health'])['status']) ?? '',
    syncedBy: initiatedBy['automated'] === true ? 'automated' : (text(initiatedBy['username']) ?? null),
    syncedAt: time(text(operation['finishedAt'])),
    resources: list(status['resources']).map(mapping).map(resourceOf),
  }
}

/** Taken out before anything is cut: half of an object that is quoted would hide what is said of it. */
function withoutQuotes(object: ApiObject): ApiApplication {
  const { metadata, status } = object as ApiApplication
  if (!status) return { ...(metadata && { metadata }) }
  const quiet = <T extends { readonly message?: string }>(told: T): T =>
    told.message === undefined ? told : { ...told, message: withoutObjects(told.message) }
  const { operationState: operation, conditions } = status
  const result = operation?.syncResult
  return {
    ...(metadata && { metadata }),
    status: {
      ...status,
      ...(conditions && { conditions: conditions.map(quiet) }),
      ...(operation && {
        operationState: {
          ...quiet(operation),
          ...(result && { syncResult: { ...result, resources: (result.resources ?? []).map(quiet) } }),
        },
      }),
    },
  }
}

function sourcesOf(spec: Values): readonly ApplicationSource[] {
  const hydrator = mapping(spec['sourceHydrator'])
  if (Object.keys(hydrator).length > 0) {
    const { repoURL } = mapping(hydrator['drySource'])
    const { targetBranch: targetRevision, path } = mapping(hydrator['syncSource'])
    return [sourceOf({ repoURL, targetRevision, path })]
  }
  const several = list(spec['sources']).map(mapping)
  return (several.length > 0 ? several : [mapping(spec['source'])]).map(sourceOf)
}

function sourceOf(source: Values): ApplicationSource {
  const directory = mapping(source['directory'])
  const chart = text(source['chart']) ?? null
  const tools = ['helm', 'kustomize', 'plugin'] as const
  const path = text(source['path'])?.replace(/^(\.?\/)+|\/+$/g, '')
  return {
    repository: text(source['repoURL']) ?? '',
    revision: text(source['targetRevision']) ?? 'HEAD',
    path: path === undefined ? null : path === '.' ? '' : path,
    chart,
    tool: tools.find((tool) => source[tool] !== undefined) ?? (chart === null ? 'directory' : 'helm'),
    recurse: directory['recurse'] === true,
    include: text(directory['include']) ?? '',
    exclude: text(directory['exclude']) ?? '',
  }
}

function resourceOf(resource: Values): ApplicationResource {
  return {
    kind: text(resource['kind']) ?? '',
    namespace: text(resource['namespace']) ?? '',
    name: text(resource['name']) ?? '',
    status: text(resource['status']) ?? '',
    hook: resource['hook'] === true,
    requiresPruning: resource['requiresPruning'] === true,
  }
}
