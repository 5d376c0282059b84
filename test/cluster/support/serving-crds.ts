import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { findProgram, run } from '../base/command.ts'
import { type Kubernetes, type KubernetesObject, resource } from '../base/kubernetes.ts'

interface Source {
  readonly file: string
  readonly module: string
  readonly version: string
  readonly sum: string
  readonly path: string
}

const list = join(import.meta.dirname, '..', '..', '..', 'schemas', 'kubernetes', 'sources.json')

/**
 * The CustomResourceDefinitions that `schemas/kubernetes/custom` is made of, out of the same modules: KServe, KubeRay, KEDA, the Gateway API, Envoy
 * Gateway, the Prometheus Operator and Argo CD. Go checks the sums.
 * @param kinds of these alone, e.g. `rayservices`
 * @throws Error where Go is missing or a module is another one than it was
 */
export async function applyServingDefinitions(kubernetes: Kubernetes, kinds?: readonly string[]): Promise<number> {
  const sources = (JSON.parse(readFileSync(list, 'utf8')) as readonly Source[]).filter(
    ({ file }) =>
      file.startsWith('custom/') && (kinds === undefined || kinds.some((kind) => file.endsWith(`_${kind}.json`))),
  )
  const go = findProgram('go')
  if (go === undefined) throw new Error('Go is not installed: the definitions come out of Go modules')
  for (const { module, version, sum, path } of sources) {
    const said = await run(go, ['mod', 'download', '-json', `${module}@${version}`], {
      folder: '/',
      environment: { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
    })
    const { Dir: folder, Sum: found } = JSON.parse(said) as { Dir: string; Sum: string }
    if (found !== sum) throw new Error(`${module}@${version} has the sum ${found} and not ${sum}`)
    const definition = parse(readFileSync(join(folder, path), 'utf8')) as KubernetesObject
    await kubernetes.apply(definition)
    await kubernetes.until<Definition>(
      resource(definition.apiVersion, 'customresourcedefinitions', null, definition.metadata.name),
      'to be established',
      ({ status }) => status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True'),
    )
  }
  return sources.length
}

/** The kinds of endpoints that are followed beside Deployments. */
export const followedKinds = ['inferenceservices', 'rayservices'] as const

interface Definition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
