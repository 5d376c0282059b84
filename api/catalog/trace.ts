import type { Endpoint } from '../../domain/endpoint.ts'
import { keyText } from '../../domain/names.ts'
import type { Publication } from '../../domain/publication.ts'
import type { Run } from '../../domain/run.ts'
import type { TrackerLink } from '../../domain/tracker.ts'
import type { ModelVersion, Records, TraceHit } from '../../records/records.ts'

/** What an identifier belongs to, with everything that stands before and after it. */
export interface Chain {
  readonly hits: readonly TraceHit[]
  readonly publications: readonly Publication[]
  readonly runs: readonly Run[]
  readonly trackerRuns: readonly TrackerLink[]
  readonly modelVersions: readonly ModelVersion[]
  readonly endpoints: readonly Endpoint[]
}

const hitsFollowed = 20
const runsMost = 100
/** Publications are followed among so many of the newest. */
const publicationsRead = 1000

/**
 * Follows commit → run → model version → endpoint, both ways, from whatever the text names.
 * What is found of a hit is never dropped for what is found of another; each kind has a limit.
 */
export async function traceChain(records: Records, text: string): Promise<Chain> {
  const hits = await records.traces.find(text)
  const followed = hits.slice(0, hitsFollowed)
  const idsOf = (kind: TraceHit['kind']) => followed.flatMap((hit) => (hit.kind === kind ? [hit.id] : []))
  const recent = followed.length === 0 ? [] : await records.publications.list(publicationsRead)
  const named = recent.filter(({ commit }) => idsOf('publication').includes(commit))

  const endpoints = keyed<Endpoint>(keyText)
  const runs = keyed<Run>(({ id }) => id)
  const versions = keyed<ModelVersion>(versionText)
  for (const run of await records.runs.getMany(idsOf('run'))) runs.add(run)
  for (const subject of [...idsOf('endpoint'), ...named.flatMap(({ subjects }) => subjects)].slice(0, runsMost))
    await addSubject(records, subject, named, endpoints, runs)

  const modelsOf = modelReader(records)
  for (const { project, model, modelVersion } of endpoints.all())
    for (const one of await modelsOf(project))
      if (one.model === model && one.version === modelVersion) versions.add(one)
  for (const hit of idsOf('model-version'))
    for (const one of await modelsOf(hit.split('/')[0] ?? '')) if (versionText(one) === hit) versions.add(one)
  for (const run of await records.runs.getMany(versions.all().map((one) => one.run.id))) runs.add(run)
  for (const run of runs.all().slice(0, runsMost))
    for (const one of await modelsOf(run.project)) if (one.run.id === run.id) versions.add(one)
  for (const project of new Set(versions.all().map((one) => one.project)))
    for (const endpoint of await records.endpoints.list({ project }))
      if (versions.all().some((one) => one.model === endpoint.model && one.version === endpoint.modelVersion))
        endpoints.add(endpoint)

  const subjects = new Set([...runs.all(), ...endpoints.all()].map(keyText))
  const publications = recent.filter((one) => named.includes(one) || one.subjects.some((key) => subjects.has(key)))
  const shown = runs.all().slice(0, runsMost)
  return {
    ...{ hits, publications: publications.slice(0, 100), runs: shown },
    trackerRuns: await records.trackers.of(shown.map(({ id }) => id)),
    ...{ modelVersions: versions.all(), endpoints: endpoints.all() },
  }
}

/** Adds the endpoint and the runs of a name; of its runs those whose source the publications have, else the newest. */
async function addSubject(
  records: Records,
  subject: string,
  publications: readonly Publication[],
  endpoints: Keyed<Endpoint>,
  runs: Keyed<Run>,
): Promise<void> {
  const [environment, project, name] = subject.split('/')
  if (environment === undefined || project === undefined || name === undefined) return
  const endpoint = await records.endpoints.get({ environment, project, name })
  if (endpoint !== undefined) endpoints.add(endpoint)
  const named = publications.filter(({ subjects }) => subjects.includes(subject))
  if (named.length === 0) return
  const found = await records.runs.list({ environment, project, name, limit: 20 })
  const sources = new Set(named.map(({ sourceCommit }) => sourceCommit))
  const exact = found.filter(({ sourceCommit }) => sourceCommit !== null && sources.has(sourceCommit))
  for (const run of exact.length > 0 ? exact : found.slice(0, 1)) runs.add(run)
}

/** Reads the models of a project once. */
function modelReader({ models }: Pick<Records, 'models'>) {
  const read = new Map<string, readonly ModelVersion[]>()
  return async (project: string): Promise<readonly ModelVersion[]> => {
    const known = read.get(project) ?? (await models.list({ project }))
    read.set(project, known)
    return known
  }
}

interface Keyed<Item> {
  add(item: Item): void
  all(): readonly Item[]
}

function keyed<Item>(keyOf: (item: Item) => string): Keyed<Item> {
  const items = new Map<string, Item>()
  return { add: (item) => items.set(keyOf(item), item), all: () => [...items.values()] }
}

function versionText({ project, model, version }: ModelVersion): string {
  return `${project}/${model}@${version}`
}
