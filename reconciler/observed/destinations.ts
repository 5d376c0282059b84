import type { ForeignApplication } from './cluster.ts'

/** Whether an Application's objects go into the cluster that it is itself in. */
export function isHere({ destination: { server, name } }: ForeignApplication): boolean {
  return server === 'https://kubernetes.default.svc' || name === 'in-cluster' || (server === '' && name === '')
}

/** Kinds that make Jobs, or are Jobs of some sort. */
const jobKinds = /Job(Set)?$/

/**
 * Namespaces that an Application puts Jobs into, by what Argo CD lists of it. One of which nothing is listed yet may put them anywhere it puts
 * something; most Applications of a cluster have no Job at all, and their namespaces are nobody's business here.
 */
export function namespacesWithJobs({ resources, destination }: ForeignApplication): readonly string[] {
  if (resources.length === 0) return [destination.namespace]
  return resources.filter(({ kind }) => jobKinds.test(kind)).map(({ namespace }) => namespace || destination.namespace)
}

/** Whether an Application puts anything into namespaces that are looked at. */
export function concerns(application: ForeignApplication, namespaces: readonly string[]): boolean {
  const { resources, destination } = application
  if (!isHere(application)) return false
  const own = resources.map(({ namespace }) => namespace)
  return [destination.namespace, ...own].some((one) => one !== '' && namespaces.includes(one))
}
