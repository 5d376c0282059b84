import type { MergeSource } from '../../domain/publication.ts'
import { printable } from './printable.ts'

/** What `GET /v1/trace` answers with, as far as the picture of it needs. */
export interface Chain {
  readonly hits: readonly { readonly kind: string; readonly id: string }[]
  readonly publications: readonly ChainPublication[]
  readonly runs: readonly ChainRun[]
  readonly tracker_runs: readonly ChainTrackerRun[]
  readonly model_versions: readonly ChainModelVersion[]
  readonly endpoints: readonly ChainEndpoint[]
}

interface ChainPublication {
  readonly commit: string
  readonly action: string
  readonly subject: string
  readonly subjects: readonly string[]
  readonly at: string
  /** Null for what nobody had to merge. */
  readonly merge: {
    readonly proposed_at: string
    readonly by: { readonly commit: string; readonly who: string; readonly source: MergeSource } | null
  } | null
  /** What the forge said of its pull request. */
  readonly merged_pull: {
    readonly number: number
    readonly by: string | null
    readonly approved_by: readonly string[]
  } | null
}

interface Named {
  readonly environment: string
  readonly project: string
  readonly name: string
}

interface ChainRun extends Named {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly spec_path: string
  readonly spec_line: number
  readonly source_commit: string | null
  readonly source_dirty: boolean
  readonly started_at: string | null
  readonly completed_at: string | null
  readonly final_metrics: Readonly<Record<string, number>> | null
  readonly attempts: readonly ChainAttempt[]
  readonly hanging?: readonly { readonly attempt: number; readonly since: string; readonly message: string }[]
}

interface ChainAttempt {
  readonly attempt: number
  readonly state: string
  readonly failure_class: string | null
  readonly job_name: string
  readonly job_uid: string | null
  readonly applied_revision: string | null
  readonly pods: readonly ChainPod[]
  readonly evidence: {
    readonly exit_code: number | null
    readonly last_step: number | null
  } | null
}

interface ChainPod {
  readonly name: string
  readonly node: string | null
  readonly image_digest: string | null
}

interface ChainTrackerRun {
  readonly job_id: string
  readonly attempt: number
  readonly tracker_run_id: string
  readonly url: string
  readonly status: string
  readonly closed_as: string | null
  readonly artifacts: readonly { readonly path: string }[]
}

interface ChainModelVersion {
  readonly project: string
  readonly model: string
  readonly version: number
  readonly digest: string
  readonly uri: string
  readonly size_bytes: number
  readonly run: { readonly id: string }
}

interface ChainEndpoint extends Named {
  readonly status: string
  readonly message: string | null
  readonly url: string | null
  readonly model: string
  readonly model_version: number | null
  readonly spec_path: string
  readonly spec_line: number
}

interface Branch {
  readonly text: string
  readonly branches: readonly Branch[]
}

/** Of an attempt with more pods, these are drawn and the others counted. */
const podsShown = 8

/** The chain as a tree, from the line of a spec to what serves: one line for each thing. */
export function drawChain(chain: Chain): string {
  const reached = new Set(chain.runs.flatMap((run) => endpointsAfter(chain, run)))
  const others = chain.endpoints.filter((endpoint) => !reached.has(endpoint))
  const roots = [
    ...chain.runs.map((run) => ({
      text: `${run.spec_path}:${run.spec_line}  ${sourceText(run)}`,
      branches: [runBranch(chain, run)],
    })),
    ...others.map((endpoint) => ({
      text: `${endpoint.spec_path}:${endpoint.spec_line}`,
      branches: [endpointBranch(endpoint, chain.publications)],
    })),
  ]
  if (roots.length === 0) return chain.publications.map((one) => `${publicationText(one)}\n`).join('')
  return roots.map((root) => draw(root)).join('\n')
}

function runBranch(chain: Chain, run: ChainRun): Branch {
  const own = publicationsOf(chain.publications, run)
  const versions = chain.model_versions.filter((version) => version.run.id === run.id)
  return {
    text: `run ${nameOf(run)}  ${run.state}${run.reason ? ` (${run.reason})` : ''}${took(run)}  ${run.id}`,
    branches: [
      ...own.map((one) => leaf(publicationText(one))),
      ...run.attempts.map((attempt) => attemptBranch(chain, run, attempt)),
      ...(run.final_metrics ? [leaf(`metrics  ${metricsText(run.final_metrics)}`)] : []),
      ...versions.map((version) => ({
        text: `model ${version.project}/${version.model}@${version.version}  ${version.digest.slice(0, 19)}  ${sizeText(version.size_bytes)}  ${version.uri}`,
        branches: chain.endpoints
          .filter((endpoint) => serves(endpoint, version))
          .map((endpoint) => endpointBranch(endpoint, [])),
      })),
    ],
  }
}

function attemptBranch(chain: Chain, run: ChainRun, attempt: ChainAttempt): Branch {
  const tracked = chain.tracker_runs.filter((one) => one.job_id === run.id && one.attempt === attempt.attempt)
  return {
    text: attemptText(attempt),
    branches: [
      ...(attempt.job_uid === null ? [] : [leaf(jobText(attempt, attempt.job_uid))]),
      ...podTexts(attempt.pods).map(leaf),
      ...tracked.map((one) => leaf(trackerText(one))),
      ...(run.hanging ?? [])
        .filter((one) => one.attempt === attempt.attempt)
        .map(({ since, message }) => leaf(`since ${utc(since)}: ${message}`)),
    ],
  }
}

function trackerText({ tracker_run_id: id, status, closed_as: closed, artifacts, url }: ChainTrackerRun): string {
  const ended = closed === null ? status : `${status} (closed here)`
  return `MLflow run ${id}  ${ended}${artifacts.length > 0 ? `  ${artifacts.length} ${artifacts.length === 1 ? 'artifact' : 'artifacts'}` : ''}  ${url}`
}

function endpointBranch(endpoint: ChainEndpoint, publications: readonly ChainPublication[]): Branch {
  const where = endpoint.status === 'healthy' ? endpoint.url : endpoint.message
  return {
    text: `endpoint ${nameOf(endpoint)}  ${endpoint.status}${where ? `  ${where}` : ''}  (${endpoint.spec_path}:${endpoint.spec_line})`,
    branches: publicationsOf(publications, endpoint).map((one) => leaf(publicationText(one))),
  }
}

function endpointsAfter(chain: Chain, run: ChainRun): readonly ChainEndpoint[] {
  const versions = chain.model_versions.filter((version) => version.run.id === run.id)
  return chain.endpoints.filter((endpoint) => versions.some((version) => serves(endpoint, version)))
}

function serves(endpoint: ChainEndpoint, version: ChainModelVersion): boolean {
  return (
    endpoint.project === version.project &&
    endpoint.model === version.model &&
    endpoint.model_version === version.version
  )
}

/** Oldest first: that is the order in which things came about. */
function publicationsOf(publications: readonly ChainPublication[], key: Named): readonly ChainPublication[] {
  return publications
    .filter((one) => one.subjects.includes(nameOf(key)))
    .sort((left, right) => left.at.localeCompare(right.at))
}

function nameOf({ environment, project, name }: Named): string {
  return `${environment}/${project}/${name}`
}

function sourceText(run: ChainRun): string {
  if (run.source_commit === null) return 'outside Git'
  return `at ${run.source_commit.slice(0, 10)}${run.source_dirty ? ' with uncommitted changes' : ''}`
}

function took({ started_at: from, completed_at: to }: ChainRun): string {
  if (!from || !to) return ''
  return ` in ${Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))} s`
}

function publicationText(one: ChainPublication): string {
  return `commit ${one.commit.slice(0, 10)}  ${one.subject}  (${timeText(one)}${forgeText(one)})`
}

/** When it came to the branch, and how: in the words of what says so, for none of it says who approved. */
function timeText({ at, merge }: ChainPublication): string {
  if (!merge) return utc(at)
  if (merge.by === null)
    return `proposed ${utc(merge.proposed_at)}; when it was merged, and by whom, the repository does not say`
  const { commit, who, source } = merge.by
  return `${utc(at)}: proposed ${utc(merge.proposed_at)}, merged by ${commit.slice(0, 10)}, ${sourceWords[source]} ${printable(who)}`
}

function forgeText({ merged_pull: pull }: ChainPublication): string {
  if (!pull) return ''
  const said = [
    ...(pull.by === null ? [] : [`merged by ${printable(pull.by)}`]),
    ...(pull.approved_by.length === 0 ? [] : [`approved by ${printable(pull.approved_by.join(', '))}`]),
  ]
  const account = said.length === 0 ? '' : `, ${said.join(', ')}, as the forge said`
  return `; pull request ${pull.number}${account}`
}

const sourceWords = {
  author: 'a merge commit with the author',
  committer: 'a squash or rebase with the committer',
} as const satisfies Record<MergeSource, string>

function utc(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`
}

function attemptText({ attempt, state, failure_class: failure, evidence }: ChainAttempt): string {
  const facts = [
    `attempt ${attempt}  ${state}${failure ? ` (${failure})` : ''}`,
    evidence && evidence.exit_code !== null ? `exit ${evidence.exit_code}` : '',
    evidence && evidence.last_step !== null ? `step ${evidence.last_step}` : '',
  ]
  return facts.filter((fact) => fact !== '').join('  ')
}

function jobText({ job_name: name, applied_revision: revision }: ChainAttempt, uid: string): string {
  return `Job ${name}  ${uid}${revision === null ? '' : `  synced at ${revision.slice(0, 10)}`}`
}

/** A line for each pod, of many the first few. */
function podTexts(pods: readonly ChainPod[]): readonly string[] {
  const shown = pods.slice(0, podsShown).map(({ name, node, image_digest: image }) => {
    const facts = [`pod ${name}`, node ? `node ${node}` : '', image ? `image ${image.slice(0, 19)}` : '']
    return facts.filter((fact) => fact !== '').join('  ')
  })
  return pods.length > podsShown ? [...shown, `${pods.length - podsShown} pods more`] : shown
}

function metricsText(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join('  ')
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

function leaf(text: string): Branch {
  return { text, branches: [] }
}

function draw({ text, branches }: Branch, indent = ''): string {
  const inner = branches.map((branch, index) => {
    const isLast = index === branches.length - 1
    return `${indent}${isLast ? '└─ ' : '├─ '}${draw(branch, `${indent}${isLast ? '   ' : '│  '}`)}`
  })
  return `${text}\n${inner.join('')}`
}
