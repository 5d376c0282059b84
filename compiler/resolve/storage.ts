import type { Variable, Volume } from '../../domain/plan.ts'
import type { Place } from './place.ts'

export interface PlannedStorage {
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
}

const defaultLocalFolder = '.specyard/storage'

/** How a container reaches the storage of its environment: mounted, or by address and the credentials of a Secret. */
export function resolveStorage(place: Place, readOnly: boolean): PlannedStorage {
  const storage = place.environment.spec.storage ?? (place.cluster === 'local' ? { type: 'local' as const } : undefined)
  if (!storage) return { variables: [], volumes: [] }
  const type: Variable = { name: 'STORAGE_TYPE', value: storage.type }
  if (storage.type === 'local') {
    return mounted(type, { hostPath: storage.path ?? defaultLocalFolder }, 'storage', readOnly)
  }
  if (storage.type === 'pvc') return mounted(type, { claim: storage.claim ?? 'storage' }, '/storage', readOnly)
  const prefix = storage.type === 'r2' ? 'R2' : storage.type === 'gcs' ? 'GCS' : 'S3'
  const written: [string, string | undefined][] = [
    ['STORAGE_BUCKET', storage.bucket],
    [`${prefix}_ENDPOINT`, storage.endpoint],
    [`${prefix}_REGION`, storage.region],
  ]
  const credentials: Variable[] = storage.credentialsSecret
    ? [
        { name: `${prefix}_ACCESS_KEY_ID`, secret: storage.credentialsSecret, key: 'access_key_id' },
        { name: `${prefix}_SECRET_ACCESS_KEY`, secret: storage.credentialsSecret, key: 'secret_access_key' },
      ]
    : []
  const literals = written.flatMap(([name, value]): Variable[] => (value === undefined ? [] : [{ name, value }]))
  return { variables: [type, ...literals, ...credentials], volumes: [] }
}

function mounted(type: Variable, source: Volume['source'], mountPath: string, readOnly: boolean): PlannedStorage {
  return {
    variables: [type, { name: 'STORAGE_PATH', value: mountPath }],
    volumes: [{ name: 'storage', source, mountPath, readOnly }],
  }
}
