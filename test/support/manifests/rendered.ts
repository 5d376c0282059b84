import { load } from 'js-yaml'
import { renderJob } from '../../../compiler/render/job.ts'
import type { Json } from '../../../domain/canonical.ts'
import { plan } from '../reconciler.ts'

/** The Job of a training with its lease, a mount and secrets, as Specyard renders it. */
export function renderedJob(namespace: string): Json {
  const text = renderJob(
    { ...plan, cluster: 'kubernetes', namespace, imageFolder: null, name: 'letters' },
    { attempt: 1, checkpointUri: null },
  )
  return load(text) as Json
}
