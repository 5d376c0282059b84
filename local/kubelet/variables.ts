import type { SecretObject } from '../store/objects.ts'
import type { PodVariable } from '../store/pod-spec.ts'

/** What the variables of a container are made from. */
export interface VariableSources {
  /** Given to every container, as an image and Kubernetes' own service variables would be; the manifest's win. */
  readonly given: Readonly<Record<string, string>>
  /** Win over the manifest's. */
  readonly forced: Readonly<Record<string, string>>
  readonly namespace: string
  readonly podName: string
  readonly podUid: string
  readonly labels: Readonly<Record<string, string>>
  secret(name: string): SecretObject | undefined
}

export type Variables =
  | { readonly environment: Readonly<Record<string, string>> }
  /** Why the container cannot be created yet; it is tried again. */
  | { readonly missing: string }

/** The environment of a container, and nothing else: no variable of this process gets into it. */
export function resolveVariables(variables: readonly PodVariable[], sources: VariableSources): Variables {
  const environment = new Map(Object.entries(sources.given))
  for (const variable of variables) {
    const resolved = resolveOne(variable, environment, sources)
    if (typeof resolved === 'object') return resolved
    if (resolved !== undefined) environment.set(variable.name, resolved)
  }
  for (const [name, value] of Object.entries(sources.forced)) environment.set(name, value)
  return { environment: Object.fromEntries(environment) }
}

function resolveOne(
  variable: PodVariable,
  environment: ReadonlyMap<string, string>,
  sources: VariableSources,
): string | undefined | { readonly missing: string } {
  const from = variable.valueFrom
  if (from === undefined) return expand(variable.value ?? '', environment)
  if ('fieldRef' in from) {
    const value = fieldValue(from.fieldRef.fieldPath, sources)
    return value ?? { missing: `variable ${variable.name}: field ${from.fieldRef.fieldPath} is not known here` }
  }
  const { name, key, optional } = from.secretKeyRef
  const secret = sources.secret(name)
  const value = secret?.data[key]
  if (value !== undefined || optional) return value
  return {
    missing: secret ? `couldn't find key ${key} in Secret ${sources.namespace}/${name}` : `secret "${name}" not found`,
  }
}

/** @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
function fieldValue(path: string, sources: VariableSources): string | undefined {
  const label = /^metadata\.labels\['([^']+)'\]$/.exec(path)?.[1]
  if (label !== undefined) return sources.labels[label] ?? ''
  switch (path) {
    case 'metadata.name':
      return sources.podName
    case 'metadata.namespace':
      return sources.namespace
    case 'metadata.uid':
      return sources.podUid
    case 'spec.nodeName':
      return 'local'
    case 'status.podIP':
    case 'status.hostIP':
      return '127.0.0.1'
    default:
      return undefined
  }
}

/**
 * Replaces `$(NAME)` by the variable's value; `$$` stands for one `$`, and a name that is not defined stays as it is written.
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expand(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) =>
    name === undefined ? '$' : (environment.get(name) ?? whole),
  )
}
