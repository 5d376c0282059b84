import { type Belonging, belongingOf } from './addresses.ts'
import type { ForeignApplication, ForeignJob, Survey } from '../cluster.ts'
import type { Change, DeclaredObject, DeployFiles } from '../files.ts'
import { declaredBy, templatesOf, toolOf } from './sources.ts'

/** Where in the deploy repository something is asked for. */
export interface FilePlace {
  readonly path: string
  readonly line: number
  /** `object`: it stands there as it is. `template`: it is rendered from there. */
  readonly kind: 'object' | 'template'
  readonly change: Change | null
}

/** What belongs to what: Jobs to Applications, and both to lines of files. */
export interface Links {
  readonly belonging: Belonging
  applicationOf(job: ForeignJob): ForeignApplication | null
  /** The object in a file that a Job, or the CronJob that made it, was made of; null where none is found. */
  declaredOf(job: ForeignJob, application: ForeignApplication): DeclaredObject | null
  /** The only template of the Application's chart that makes Jobs. */
  templateOf(application: ForeignApplication): FilePlace | null
  /** Jobs as they stand in plain files of an Application. */
  declaredJobs(application: ForeignApplication): readonly DeclaredObject[]
  /** Whether all that the Application makes stands in plain files that were read. */
  readsAll(application: ForeignApplication): boolean
  /** Where the Application itself is declared. */
  placeOf(application: ForeignApplication): FilePlace | null
  lineOfTtl(application: ForeignApplication): FilePlace | null
}

export function linksOf({ applications }: Survey, files: DeployFiles | null): Links {
  const belonging = belongingOf(applications, files)
  const byName = new Map(applications.map((one) => [one.name, one]))
  const qualified = new Map(applications.map((one) => [`${one.namespace}_${one.name}`, one]))
  const holders = new Map<string, ForeignApplication>()
  for (const application of applications)
    for (const { kind, namespace, name } of application.resources)
      holders.set(`${kind} ${namespace}/${name}`, application)
  const declared = new Map<ForeignApplication, readonly DeclaredObject[]>()
  const named = new Map<ForeignApplication, ReadonlyMap<string, DeclaredObject>>()
  const objectsOf = (application: ForeignApplication): readonly DeclaredObject[] => {
    const known = declared.get(application)
    if (known) return known
    const found = files ? belonging.sourcesOf(application).flatMap((source) => declaredBy(source, files)) : []
    declared.set(application, found)
    return found
  }
  /** By kind, namespace and name: thousands of Jobs ask for theirs. */
  const namedOf = (application: ForeignApplication): ReadonlyMap<string, DeclaredObject> => {
    const known = named.get(application)
    if (known) return known
    const { namespace } = application.destination
    const found = new Map(
      objectsOf(application).map((one) => [`${one.kind} ${one.namespace || namespace}/${one.name}`, one] as const),
    )
    named.set(application, found)
    return found
  }
  const templates = (application: ForeignApplication) =>
    files ? belonging.sourcesOf(application).flatMap((source) => templatesOf(source, files)) : []

  return {
    belonging,
    applicationOf: ({ seen, trackedBy, owner }) => {
      const holder = owner ?? { kind: 'Job', name: seen.name }
      const held = holders.get(`${holder.kind} ${seen.namespace}/${holder.name}`)
      return held ?? (trackedBy === null ? null : (byName.get(trackedBy) ?? qualified.get(trackedBy) ?? null))
    },
    declaredOf: (job, application) => {
      const wanted = job.owner ?? { kind: 'Job', name: job.seen.name }
      const exact = namedOf(application).get(`${wanted.kind} ${job.seen.namespace}/${wanted.name}`)
      if (exact) return exact
      const same = objectsOf(application).filter((one) => one.kind === wanted.kind)
      const generated = same.find((one) => one.generateName !== '' && wanted.name.startsWith(one.generateName))
      return generated ?? (readsPlain(application) ? null : longestWithin(wanted.name, same))
    },
    templateOf: (application) => {
      const [only, ...others] = templates(application)
      return only && others.length === 0 ? { ...only, kind: 'template' } : null
    },
    declaredJobs: (application) =>
      readsPlain(application) ? objectsOf(application).filter(({ kind }) => kind === 'Job') : [],
    readsAll: (application) =>
      readsPlain(application) && belonging.sourcesOf(application).length === application.sources.length,
    placeOf: (application) => {
      const found = files?.objects.find(({ kind, name }) => kind === 'Application' && name === application.name)
      return found ? objectPlace(found, found.line) : null
    },
    lineOfTtl: (application) => {
      const [only, ...others] = templates(application).filter(({ ttlLine }) => ttlLine !== null)
      return only && others.length === 0
        ? { path: only.path, line: only.ttlLine ?? only.line, kind: 'template', change: only.change }
        : null
    },
  }

  /** Whether names in files are names in the cluster: neither a chart nor a kustomization made them. */
  function readsPlain(application: ForeignApplication): boolean {
    const sources = belonging.sourcesOf(application)
    return files !== null && sources.length > 0 && sources.every((source) => toolOf(source, files) === 'directory')
  }
}

export function objectPlace({ path, change }: DeclaredObject, line: number): FilePlace {
  return { path, line, kind: 'object', change }
}

/** A kustomization puts something before and after a name: the longest name that is left within. */
function longestWithin(name: string, objects: readonly DeclaredObject[]): DeclaredObject | null {
  const within = objects.filter((one) => one.name !== '' && name.includes(one.name))
  return within.sort((left, right) => right.name.length - left.name.length)[0] ?? null
}
