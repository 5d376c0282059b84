import { annotations as ourAnnotations } from '../../../../domain/names.ts'
import { askedOfJob, gpusOfPod, mapping, text } from '../../../observed/asked.ts'
import type { ForeignJob, ForeignPod } from '../../../observed/cluster.ts'
import type { ApiMetadata, ApiObject } from '../projection/api-object.ts'
import { runOf, shared } from '../projection/fields.ts'
import { jobOf } from '../projection/job.ts'
import { podOf } from '../projection/pod.ts'

/** Any Job: its own UID stands for the run that it is not part of. */
export function foreignJob(object: ApiObject): ForeignJob | undefined {
  const { metadata = {} } = object
  if (metadata.uid === undefined) return undefined
  const own = runOf(metadata)
  const annotations = metadata.annotations ?? {}
  return {
    seen: jobOf(object, { runId: metadata.uid, attempt: 1 }),
    asked: askedOfJob((object as { spec?: unknown }).spec),
    annotations: wantedOf(annotations),
    trackedBy: trackedBy(metadata),
    owner: ownerOf(metadata),
    specyard: own ? { ...own, spec: annotations[ourAnnotations.spec] ?? null } : null,
  }
}

/** Any pod of a Job, present or past. */
export function foreignPod(object: ApiObject): ForeignPod | undefined {
  const { metadata = {} } = object
  const maker =
    metadata.ownerReferences?.find((one) => one.kind === 'Job' && one.controller === true)?.uid ??
    metadata.labels?.['batch.kubernetes.io/controller-uid']
  if (maker === undefined) return undefined
  return {
    seen: podOf(object, { runId: maker, attempt: 1 }),
    gpus: gpusOfPod((object as { spec?: unknown }).spec),
    jobName: metadata.labels?.['batch.kubernetes.io/job-name'] ?? '',
  }
}

/** Those that Argo CD and Helm act upon. */
function wantedOf(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wanted = Object.entries(annotations).filter(([name]) => /^(argocd\.argoproj\.io|helm\.sh)\//.test(name))
  return Object.fromEntries(wanted)
}

/**
 * The Application by Argo CD's own mark. A mark that names another object was copied with it, e.g. from a CronJob to its Jobs, and says nothing.
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
 */
function trackedBy({ annotations = {}, labels = {}, namespace = '', name = '' }: ApiMetadata): string | null {
  const id = annotations['argocd.argoproj.io/tracking-id']
  if (id === undefined) return labels['app.kubernetes.io/instance'] ?? null
  const [, application, target] = /^([^:]+):(.+)$/.exec(id) ?? []
  return target === `batch/Job:${namespace}/${name}` ? (application ?? null) : null
}

function ownerOf({ ownerReferences = [] }: ApiMetadata): ForeignJob['owner'] {
  const owner = ownerReferences.find((one) => one.controller === true)
  const name = text(mapping(owner)['name'])
  return owner?.kind === undefined || name === undefined ? null : { kind: shared(owner.kind), name: shared(name) }
}
