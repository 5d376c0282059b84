import { canonicalJson, type Json } from '../../domain/canonical.ts'
import { escapePointer } from '../load/walk.ts'
import { each, type Finding, isObject, type Loose } from '../manifest/finding.ts'

/*
 * What Specyard has promised of a run holds by what stands in its Job. A template or patch may add to it, and change what nothing depends on:
 * images, resources, volumes of its own, scheduling. These may not change, each with the promise that would be broken.
 */

/** Fields of the Job's spec, present or absent: they are as Specyard writes them. */
const jobFields: Readonly<Record<string, string>> = {
  backoffLimit: 'a retry is a new Job, decided by its record',
  podFailurePolicy: 'it tells a disruption, a ghost and a failure apart',
  podReplacementPolicy: 'two pods of one attempt never run at once',
  completions: 'the number of nodes stands in the spec',
  parallelism: 'the number of nodes stands in the spec',
  completionMode: 'the number of nodes stands in the spec',
  activeDeadlineSeconds: 'the time limit stands in the spec',
  ttlSecondsAfterFinished: 'a Job that is deleted while it stands in Git is made again, and trains again',
  suspend: 'whether a run may start is decided by its lease and its queue',
  selector: 'the Job finds its pods by labels of its own',
  manualSelector: 'the Job finds its pods by labels of its own',
  managedBy: 'the Job controller of Kubernetes runs it',
  successPolicy: 'a run has succeeded when every node has',
  backoffLimitPerIndex: 'a retry is a new Job, decided by its record',
  maxFailedIndexes: 'a retry is a new Job, decided by its record',
}
const podFields: Readonly<Record<string, string>> = {
  restartPolicy: 'a container that starts again would train again without a lease',
  terminationGracePeriodSeconds: 'how long a trainer may take to end stands in the spec',
  subdomain: 'the nodes of a training find each other by it',
  hostname: 'the nodes of a training find each other by it',
}
const identity = 'records and the ledger know the run by its name, and it can be taken away at any time'
/** Annotations by which Argo CD would treat the Job as something else than a plain resource. */
const hooks = /^(argocd\.argoproj\.io\/(hook|sync-options|compare-options|sync-wave)|helm\.sh\/hook)/
const leaseFields = [
  'image',
  'command',
  'args',
  'env',
  'envFrom',
  'restartPolicy',
  'lifecycle',
  'volumeMounts',
] as const

export interface Broken extends Finding {
  readonly object: number
  /** It is about the objects of a file together. */
  readonly ofFile?: true
}

function named(object: Json): string {
  if (!isObject(object) || Object.keys(object).length === 0) return 'nothing'
  const { kind, apiVersion } = object
  return `${typeof kind === 'string' ? kind : 'something without a kind'}${typeof apiVersion === 'string' ? ` of ${apiVersion}` : ''}`
}

/** What of the promises some objects break. @param own what Specyard's own template makes of the same plan */
export function brokenPromises(own: readonly Json[], objects: readonly Json[]): readonly Broken[] {
  const found: Broken[] = []
  const [made, wanted] = [objects.map(named), own.map(named)]
  if (made.join() !== wanted.join()) {
    const message = `makes ${made.join(', ') || 'nothing'}, and must make ${wanted.join(', ')}`
    const first = made.findIndex((one, index) => one !== wanted[index])
    return [
      {
        object: Math.max(0, first),
        pointer: '',
        ofFile: true,
        message,
        hint: 'a file of a training holds its Job, after the Service of several nodes',
      },
    ]
  }
  objects.forEach((object, index) => {
    const [is, was] = [object as Loose, own[index] as Loose]
    const tell = (pointer: string, message: string, hint?: string): void => {
      found.push({ object: index, pointer, message, ...(hint === undefined ? {} : { hint }) })
    }
    keepMetadata(is, was, '', tell)
    if (is['kind'] === 'Job') keepJob(is, was, tell)
    else keepFields(is, was, '', { spec: 'the nodes of a training find each other by it' }, tell)
  })
  return found
}

type Tell = (pointer: string, message: string, hint?: string) => void

function keepMetadata(is: Loose, was: Loose, pointer: string, tell: Tell): void {
  const [now, before] = [part(is, 'metadata'), part(was, 'metadata')]
  const at = `${pointer}/metadata`
  for (const field of ['name', 'namespace', 'generateName', 'finalizers', 'ownerReferences'])
    if (!same(now[field], before[field]))
      tell(`${at}/${field}`, before[field] === undefined ? 'may not be set' : 'is changed', identity)
  for (const map of ['labels', 'annotations'])
    for (const [key, value] of Object.entries(part(before, map)))
      if (part(now, map)[key] !== value)
        tell(`${at}/${map}/${escapePointer(key)}`, `must be ${JSON.stringify(value)}`, 'a run is found by it')
  for (const key of Object.keys(part(now, 'annotations')))
    if (hooks.test(key))
      tell(
        `${at}/annotations/${escapePointer(key)}`,
        'would have Argo CD treat it as no plain resource',
        'remove it: a hook is deleted and made again, and trains again',
      )
}

function keepJob(is: Loose, was: Loose, tell: Tell): void {
  const [spec, before] = [part(is, 'spec'), part(was, 'spec')]
  keepFields(spec, before, '/spec', jobFields, tell)
  const [template, templateBefore] = [part(spec, 'template'), part(before, 'template')]
  keepMetadata(template, templateBefore, '/spec/template', tell)
  const at = '/spec/template/spec'
  const [pod, podBefore] = [part(template, 'spec'), part(templateBefore, 'spec')]
  keepFields(pod, podBefore, at, podFields, tell)
  keepLease(pod, podBefore, at, tell)
  keepTrainer(pod, podBefore, at, tell)
}

function keepFields(is: Loose, was: Loose, at: string, fields: Readonly<Record<string, string>>, tell: Tell): void {
  for (const [field, why] of Object.entries(fields))
    if (!same(is[field], was[field]))
      tell(`${at}/${field}`, was[field] === undefined ? 'may not be set' : 'is changed', why)
}

function keepLease(pod: Loose, before: Loose, at: string, tell: Tell): void {
  const [lease] = each(before['initContainers'], '')
  if (!lease) return
  const [first] = each(pod['initContainers'], `${at}/initContainers`)
  const why = 'no pod starts its trainer without the lease of its attempt'
  if (first === undefined || first[0]['name'] !== lease[0]['name'])
    return tell(`${at}/initContainers`, 'must begin with the container lease', why)
  for (const field of leaseFields)
    if (!same(first[0][field], lease[0][field])) tell(`${first[1]}/${field}`, 'of the container lease is changed', why)
}

function keepTrainer(pod: Loose, before: Loose, at: string, tell: Tell): void {
  const [was] = each(before['containers'], '')
  const [is] = each(pod['containers'], `${at}/containers`)
  if (was === undefined || is === undefined || is[0]['name'] !== was[0]['name'])
    return tell(`${at}/containers`, 'must begin with the container trainer', 'outcome and evidence are read from it')
  const [trainer, place] = is
  if (!same(trainer['terminationMessagePolicy'], was[0]['terminationMessagePolicy']))
    tell(`${place}/terminationMessagePolicy`, 'is changed', 'the last log lines of a failure are evidence')
  const given = each(was[0]['env'], '')
  const names = new Map(
    each(trainer['env'], `${place}/env`).map((one, index) => [one[0]['name'], [...one, index] as const]),
  )
  let last = -1
  for (const [variable] of given) {
    const found = names.get(variable['name'])
    const name = String(variable['name'])
    if (!found)
      tell(
        `${place}/env`,
        `lacks ${name}, which Specyard gives the trainer`,
        'a patch may add variables, and take none away',
      )
    else if (!same(found[0], variable))
      tell(`${found[1]}`, `gives ${name} another value`, 'change it in the spec, under env')
    else if (found[2] < last)
      tell(`${found[1]}`, `puts ${name} before one that it stands behind`, 'some are made of those before them')
    else last = found[2]
  }
  keepEntries(trainer, was[0], 'volumeMounts', place, 'mountPath', tell)
  keepEntries(pod, before, 'volumes', at, 'name', tell)
}

/** Specyard's own entries of a list are all there, as they were. */
function keepEntries(is: Loose, was: Loose, field: string, at: string, key: string, tell: Tell): void {
  for (const [entry] of each(was[field], '')) {
    const found = each(is[field], `${at}/${field}`).find(([one]) => one[key] === entry[key])
    if (!found) tell(`${at}/${field}`, `lacks ${String(entry[key])}`, 'the trainer reads its token and its data there')
    else if (!same(found[0], entry))
      tell(found[1], `changes ${String(entry[key])}`, 'the trainer reads its token and its data there')
  }
}

function part(of: Loose, field: string): Loose {
  const value = of[field]
  return isObject(value) ? value : {}
}

/** null is as good as absent. */
function same(left: unknown, right: unknown): boolean {
  return canonicalJson((left ?? null) as Json) === canonicalJson((right ?? null) as Json)
}
