import { posix } from 'node:path'
import { z } from 'zod'
import { canonicalJson, type Json, sha256 } from '../../domain/canonical.ts'
import { annotations } from '../../domain/names.ts'
import { compareText } from '../../domain/problem.ts'
import type { Files } from '../../domain/publication.ts'
import { valuesSchema } from '../store/endpoint-values.ts'
import type { DesiredEndpoint, JobObject } from '../store/objects.ts'
import { jobSchema } from '../store/pod-spec.ts'
import { checked, ManifestError, readDocuments } from './documents.ts'

/** What one Application of the deploy repository asks of the local cluster. */
export interface DesiredApplication {
  readonly name: string
  readonly environment: string
  /** File of the Application. */
  readonly path: string
  readonly content:
    | { readonly kind: 'jobs'; readonly jobs: readonly DesiredJob[] }
    | { readonly kind: 'endpoint'; readonly endpoint: DesiredEndpoint }
    /** It cannot be rendered: nothing of it is applied, and nothing that it owns is taken away. */
    | { readonly kind: 'broken'; readonly message: string }
}

export type DesiredJob = Pick<JobObject, 'name' | 'namespace' | 'labels' | 'annotations' | 'spec' | 'specHash'>

/** The name under which Applications name this cluster as their destination. */
export const localClusterName = 'local'

const applicationSchema = z.object({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.literal('Application'),
  metadata: z.object({ name: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name') }),
  spec: z.object({
    source: z.object({
      path: z.string(),
      helm: z.object({ valueFiles: z.array(z.string()).length(1, 'must be one file') }).optional(),
    }),
    destination: z.object({ name: z.string().optional(), namespace: z.string().default('default') }),
  }),
})

/** Every Application whose destination is the local cluster, in the order of paths. Never throws: what cannot be read is `broken`. */
export function readDesired(files: Files): readonly DesiredApplication[] {
  return [...files.keys()]
    .filter((path) => path.startsWith('applications/') && path.endsWith('.yaml'))
    .sort(compareText)
    .flatMap((path) => readApplication(files, path))
}

function readApplication(files: Files, path: string): readonly DesiredApplication[] {
  const environment = path.split('/')[1] ?? ''
  let named = { name: nameFromPath(path), environment, path }
  try {
    const application = checked(path, applicationSchema, readDocuments(path, files.get(path) ?? '')[0])
    if (application.spec.destination.name !== localClusterName) return []
    named = { ...named, name: application.metadata.name }
    const { source, destination } = application.spec
    const content = source.helm
      ? readEndpoint(files, valuesPath(source.path, source.helm.valueFiles[0] ?? ''), destination.namespace)
      : readJobs(files, source.path, destination.namespace)
    return [{ ...named, content }]
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    return [{ ...named, content: { kind: 'broken', message: error.message } }]
  }
}

/** For a file that cannot be read: the name that it has everywhere else, see `applicationName` in domain/names.ts. */
function nameFromPath(path: string): string {
  const [, environment = '', project = '', kind = '', name = ''] = path.replace(/\.yaml$/, '').split('/')
  return kind === 'endpoints' ? `${environment}.${project}.endpoint.${name}` : `${environment}.${project}.${kind}`
}

function readJobs(files: Files, folder: string, namespace: string): DesiredApplication['content'] {
  const prefix = `${posix.normalize(folder).replace(/\/$/, '')}/`
  const paths = [...files.keys()].filter(
    (path) => path.startsWith(prefix) && path.endsWith('.yaml') && !path.slice(prefix.length).includes('/'),
  )
  const jobs = paths.sort(compareText).flatMap((path) =>
    readDocuments(path, files.get(path) ?? '').map((document): DesiredJob => {
      const { metadata, spec } = checked(path, jobSchema, document)
      return {
        name: metadata.name,
        namespace: metadata.namespace ?? namespace,
        labels: metadata.labels,
        annotations: metadata.annotations,
        spec,
        specHash: sha256(
          canonicalJson({
            spec: spec as unknown as Json,
            image: metadata.annotations[annotations.imageFolder] ?? null,
          }),
        ),
      }
    }),
  )
  const names = jobs.map((job) => `${job.namespace}/${job.name}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new ManifestError(`${prefix}: Job ${twice} stands there twice`)
  return { kind: 'jobs', jobs }
}

/** As Argo CD reads it: from the root of the repository where it begins with a slash, else from the chart's folder. */
function valuesPath(chart: string, file: string): string {
  return file.startsWith('/') ? posix.normalize(file.slice(1)) : posix.join(chart, file)
}

function readEndpoint(files: Files, path: string, namespace: string): DesiredApplication['content'] {
  const text = files.get(path)
  if (text === undefined) throw new ManifestError(`${path}: there is no such file`)
  const values = checked(path, valuesSchema, readDocuments(path, text)[0])
  return {
    kind: 'endpoint',
    endpoint: { namespace, values, release: sha256(canonicalJson(values as unknown as Json)) },
  }
}
