import type { Json, JsonObject } from '../../domain/canonical.ts'
import { labels } from '../../domain/names.ts'
import type { Environment, Policy } from '../../domain/specs.generated.ts'
import { referencesOf } from './cel/references.ts'

/** The objects that make the API server hold to a policy, or why there are none. */
export type Admission =
  | { readonly is: 'objects'; readonly objects: readonly JsonObject[] }
  | { readonly is: 'left-out'; readonly why: string }

/** What expressions may ask for that only the compiler knows. */
const compilerOnly = ['plan', 'spec', 'environment'] as const

const version = 'admissionregistration.k8s.io/v1'

/**
 * A policy as a ValidatingAdmissionPolicy with its binding, for one environment on Kubernetes: bound to the namespaces that the environment gives to
 * projects. One that asks for `variables.namespaces` is bound everywhere, to what carries Specyard's label of the project.
 * @param others all Environments, for the namespaces of those in the same cluster
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function admissionOf(policy: Policy, environment: Environment, others: readonly Environment[]): Admission {
  const { match, admission = true } = policy.spec
  const { name } = environment.metadata
  const { cluster } = environment.spec
  if (!admission) return { is: 'left-out', why: 'it says admission: false' }
  if (cluster === 'local' || (match?.clusters && !match.clusters.includes('kubernetes')))
    return { is: 'left-out', why: 'it is not about clusters on Kubernetes' }
  if (match?.environments && !match.environments.includes(name))
    return { is: 'left-out', why: `it is not about environment ${name}` }
  const references = expressionsOf(policy).map(referencesOf)
  const known = compilerOnly.find((one) => references.some(({ names }) => names.has(one)))
  if (known !== undefined) return { is: 'left-out', why: `it asks for ${known}, which the cluster does not know` }
  const projects = Object.entries(cluster.kubernetes.namespaces).filter(
    ([project]) => match?.projects?.includes(project) ?? true,
  )
  const own = sorted(projects.map(([, namespace]) => namespace))
  if (own.length === 0) return { is: 'left-out', why: `environment ${name} has no namespace for its projects` }
  return { is: 'objects', objects: objectsOf(policy, environment, own, namespacesOfCluster(environment, others)) }
}

function objectsOf(
  policy: Policy,
  environment: Environment,
  own: readonly string[],
  everywhere: readonly string[],
): readonly JsonObject[] {
  const { name, description } = policy.metadata
  const { matchConstraints, matchConditions, variables = [], validations, validationActions } = policy.spec
  const metadata = {
    name: `${environment.metadata.name}.${name}.specyard.dev`,
    labels: { 'app.kubernetes.io/managed-by': 'specyard' },
  }
  const asked = new Set(expressionsOf(policy).flatMap((one) => [...referencesOf(one).variables]))
  const asks = (variable: string): boolean => asked.has(variable)
  const given = [
    ...(asks('environmentName')
      ? [{ name: 'environmentName', expression: JSON.stringify(environment.metadata.name) }]
      : []),
    ...(asks('namespaces') ? [{ name: 'namespaces', expression: JSON.stringify(everywhere) }] : []),
  ]
  const resourceRules = matchConstraints.resourceRules.map((rule) => ({
    ...rule,
    operations: rule.operations ?? ['CREATE'],
  }))
  const all = [...given, ...variables]
  const object: JsonObject = {
    apiVersion: version,
    kind: 'ValidatingAdmissionPolicy',
    metadata: {
      ...metadata,
      ...(description === undefined ? {} : { annotations: { 'specyard.dev/description': description } }),
    },
    spec: plain({
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules },
      ...(matchConditions?.length ? { matchConditions } : {}),
      ...(all.length > 0 ? { variables: all } : {}),
      validations,
    }),
  }
  const matchResources = asks('namespaces')
    ? { objectSelector: { matchExpressions: [{ key: labels.project, operator: 'Exists' }] } }
    : {
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [...own] }],
        },
      }
  const binding: JsonObject = {
    apiVersion: version,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: validationActions ?? ['Deny'], matchResources },
  }
  return [object, binding]
}

/** Environments that share a cluster share this list: none of them may shut out what belongs to another. */
function namespacesOfCluster({ spec }: Environment, others: readonly Environment[]): readonly string[] {
  const key = clusterKey(spec.cluster)
  return sorted(
    others.flatMap(({ spec: { cluster } }) =>
      cluster !== 'local' && clusterKey(cluster) === key ? Object.values(cluster.kubernetes.namespaces) : [],
    ),
  )
}

function clusterKey(cluster: Environment['spec']['cluster']): string {
  return cluster === 'local' ? 'local' : (cluster.kubernetes.server ?? cluster.kubernetes.context)
}

function expressionsOf({ spec }: Policy): readonly string[] {
  return [
    ...(spec.matchConditions ?? []).map((one) => one.expression),
    ...(spec.variables ?? []).map((one) => one.expression),
    ...spec.validations.flatMap(({ expression, messageExpression }) =>
      messageExpression === undefined ? [expression] : [expression, messageExpression],
    ),
  ]
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
