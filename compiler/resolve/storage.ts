import type { Variable, Volume } from '../../domain/plan.ts'
import { below, builtIn, type Listening, offered, offeredOr } from './origins.ts'
import type { Place } from './place.ts'

export interface PlannedStorage {
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
}

const defaultLocalFolder = '.specyard/storage'

/**
 * How a container reaches the storage of its environment: mounted, or by address and the credentials of a Secret. The same for all that run at a
 * place, so it is made once where nobody asks for origins.
 */
export function resolveStorage(place: Place, readOnly: boolean, listening: Listening): PlannedStorage {
  if (listening.origins) return storageAt(place, readOnly, listening)
  const known = readOnly ? toRead : toWrite
  const before = known.get(place)
  if (before) return before
  const storage = storageAt(place, readOnly, listening)
  known.set(place, storage)
  return storage
}

const [toRead, toWrite] = [new WeakMap<Place, PlannedStorage>(), new WeakMap<Place, PlannedStorage>()]

function storageAt(place: Place, readOnly: boolean, listening: Listening): PlannedStorage {
  const storage = place.environment.spec.storage ?? (place.cluster === 'local' ? { type: 'local' as const } : undefined)
  if (!storage) return { variables: [], volumes: [] }
  const written = place.environment.spec.storage?.type
  const type: Variable = {
    name: 'STORAGE_TYPE',
    value: offeredOr(listening, '/variables/STORAGE_TYPE', '/spec/storage/type', written, storage.type),
  }
  if (storage.type === 'local') {
    const hostPath = offeredOr(listening, '/volumes/storage', '/spec/storage/path', storage.path, defaultLocalFolder)
    return mounted(type, { hostPath }, 'storage', readOnly, listening)
  }
  if (storage.type === 'pvc') {
    const claim = offeredOr(listening, '/volumes/storage', '/spec/storage/claim', storage.claim, 'storage')
    return mounted(type, { claim }, '/storage', readOnly, listening)
  }
  const prefix = storage.type === 'r2' ? 'R2' : storage.type === 'gcs' ? 'GCS' : 'S3'
  const addressed: readonly (readonly [string, 'bucket' | 'endpoint' | 'region'])[] = [
    ['STORAGE_BUCKET', 'bucket'],
    [`${prefix}_ENDPOINT`, 'endpoint'],
    [`${prefix}_REGION`, 'region'],
  ]
  const literals = addressed.flatMap(([name, key]): Variable[] => {
    const value = storage[key]
    return value === undefined ? [] : [fromStorage(listening, key, { name, value })]
  })
  const secret = storage.credentialsSecret
  const credentials: Variable[] = secret
    ? [
        fromStorage(listening, 'credentialsSecret', { name: `${prefix}_ACCESS_KEY_ID`, secret, key: 'access_key_id' }),
        fromStorage(listening, 'credentialsSecret', {
          name: `${prefix}_SECRET_ACCESS_KEY`,
          secret,
          key: 'secret_access_key',
        }),
      ]
    : []
  return { variables: [type, ...literals, ...credentials], volumes: [] }
}

function fromStorage(listening: Listening, key: string, variable: Variable): Variable {
  return listening.origins
    ? offered(listening, below('/variables', variable.name), below('/spec/storage', key), variable)
    : variable
}

function mounted(
  type: Variable,
  source: Volume['source'],
  mountPath: string,
  readOnly: boolean,
  listening: Listening,
): PlannedStorage {
  const variable = builtIn(listening, '/variables/STORAGE_PATH', { name: 'STORAGE_PATH', value: mountPath })
  return {
    variables: [type, variable],
    volumes: [
      {
        name: 'storage',
        source,
        mountPath: builtIn(listening, '/volumes/storage/mountPath', mountPath),
        readOnly: builtIn(listening, '/volumes/storage/readOnly', readOnly),
      },
    ],
  }
}
