import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Definitions, KubernetesSchemas, KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { packageRoot } from './assets.ts'

const read = new Map<KubernetesVersion, Definitions>()

/** The schemas that come with the program. Some milliseconds for each version, once, when the first manifest is checked. */
export const kubernetesSchemas: KubernetesSchemas = {
  of: (version) => {
    const known = read.get(version)
    if (known) return known
    const folder = join(packageRoot(), 'schemas', 'kubernetes')
    const custom = readdirSync(join(folder, 'custom')).map((name) => join(folder, 'custom', name))
    const files = [join(folder, `${version}.json`), ...custom]
    const definitions = Object.assign(
      {},
      ...files.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Definitions),
    ) as Definitions
    read.set(version, definitions)
    return definitions
  },
}
