import type { Api } from '../api/api.ts'

/** A collection of a group that a cluster may not have, or has in another version than we know. */
export interface GroupCollection {
  readonly group: string
  /** What follows the version, e.g. `namespaces/ml-language/workloads`. */
  readonly rest: string
  /** Where the preferred version of the group has not this kind: KServe keeps its kinds in different versions of one group. */
  readonly version?: string
}

/**
 * The path of a collection in the version that the API server prefers. Every identity may ask for it: with the rule for the collection alone a
 * cluster that does not know the group refuses (403) instead of saying so.
 * @throws ApiError 404 where the cluster does not know the group
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
export async function servedPath(
  api: Api,
  { group, rest, version: wanted }: GroupCollection,
  signal: AbortSignal,
): Promise<string> {
  const found = (await api.json({ path: `/apis/${group}`, signal })) as GroupAnswer | null
  const version = wanted ?? found?.preferredVersion?.version ?? found?.versions?.[0]?.version ?? 'v1'
  return `/apis/${group}/${version}/${rest}`
}

interface GroupAnswer {
  readonly preferredVersion?: { readonly version?: string }
  readonly versions?: readonly { readonly version?: string }[]
}
