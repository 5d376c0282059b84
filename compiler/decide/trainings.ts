import { paths, type RunLedger } from '../../domain/ledger.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { CompileInput } from '../compile-types.ts'
import { decideRuns } from '../ledger/runs.ts'
import type { JobsFolder } from '../parts.ts'
import { problem } from '../problem.ts'
import { renderJobsApplication } from '../render/application.ts'
import { renderTemplate } from '../render/template.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { resolvePlace } from '../resolve/place.ts'
import { addFiles, type Deciding } from './deciding.ts'
import { editedLedgerFiles, runsAsDeployed } from './edited.ts'

/** Which runs there are, with the manifests of their attempts. */
export function decideTrainings(
  plans: ReadonlyMap<string, TrainingPlan>,
  known: Catalogue,
  ledger: LedgerView,
  input: CompileInput,
  result: Deciding,
): void {
  const entries = new Map(ledger.runs.map((entry) => [keyText(entry), entry]))
  for (const [text, { environment, project, name }] of plans)
    if (!entries.has(text)) entries.set(text, { format: 1, environment, project, name, runs: [] })
  const edited = editedLedgerFiles(input.deployed)
  for (const text of [...entries.keys()].sort()) {
    const entry = entries.get(text)
    if (!entry) continue
    const plan = plans.get(text)
    const { files } = input.deployed
    const isEdited = edited.has(paths.runLedger(entry))
    const decided = isEdited ? runsAsDeployed(entry, files) : decideRuns(entry, plan, files)
    // One that was deleted is not written again.
    if (!isEdited || entry.runs.length > 0) result.entries.push(decided.entry)
    addFiles(decided.manifests, plan?.source, input, result)
    if (plan) result.learning?.training(plan, decided.manifests)
    tellRuns(entry, plan, decided, result)
  }
  jobsFolders(entries.values(), plans, known, input, result)
}

function tellRuns(
  entry: RunLedger,
  plan: TrainingPlan | undefined,
  decided: ReturnType<typeof decideRuns>,
  result: Deciding,
): void {
  const { impact, problems } = result
  const key = { environment: entry.environment, project: entry.project, name: entry.name }
  const where = { file: plan?.source.path ?? paths.runLedger(entry), line: plan?.source.line ?? 1, column: 1 }
  if (decided.started) impact.starts.push(decided.started)
  if (decided.cancelled) impact.cancels.push({ key, runId: decided.cancelled.id })
  if (decided.superseded) {
    const newRunId = decided.superseded.supersededBy ?? ''
    impact.supersedes.push({ key, oldRunId: decided.superseded.id, newRunId })
    problems.push(
      problem(
        'RUN_SUPERSEDES',
        where,
        `this replaces run ${decided.superseded.id} of ${keyText(key)}, which is cancelled`,
      ),
    )
  }
  if (!decided.kept || !plan) return
  const ended = decided.kept.status !== 'active'
  impact.keeps.push({ key, runId: decided.kept.id, ended, plan })
  if (!ended) return
  const how = decided.kept.outcome ?? decided.kept.cancelReason ?? 'ended'
  problems.push(
    problem('RUN_ENDED', where, `the run that this spec asks for has ended (${how}); it will not run again`, {
      hint: `raise spec.rerun to train the same again: specyard retry ${entry.name}`,
    }),
  )
}

/** Application and placeholder of every folder that has, or ever had, jobs: without them the last Job could never be taken away. */
function jobsFolders(
  entries: Iterable<RunLedger>,
  plans: ReadonlyMap<string, TrainingPlan>,
  known: Catalogue,
  input: CompileInput,
  result: Deciding,
): void {
  const { folders: beside = [] } = input.beside ?? {}
  const folders = new Folders()
  for (const entry of entries) folders.of(entry)
  for (const one of beside) folders.of(one).queues ||= one.queues
  for (const plan of plans.values()) if (plan.queue !== null) folders.of(plan).queues = true
  for (const { environment, project, queues: isQueued } of folders.all) {
    const application = paths.jobsApplication(environment, project)
    const deployed = input.deployed.files.get(application)
    const place = placeOf(environment, project, known)
    if (place) {
      const queues = isQueued || (deployed?.includes('RespectIgnoreDifferences=true') ?? false)
      const { namespace, destination } = place
      const jobs = { environment, project, namespace, destination, queues }
      result.tree.set(application, renderJobsApplication(jobs, input.deploy))
    } else if (deployed !== undefined) {
      // The environment is no longer defined: what was published for it stays until its runs are gone.
      result.tree.set(application, deployed)
    }
    result.tree.set(paths.jobsPlaceholder(environment, project), renderTemplate('jobs-readme', {}))
  }
}

type Folder = { -readonly [Key in keyof JobsFolder]: JobsFolder[Key] }

/** The folders of jobs, each found by its two names: one text of both would have to be made for every training. */
class Folders {
  /** In the order in which they were first asked for. */
  readonly all: Folder[] = []
  private readonly byNames = new Map<string, Map<string, Folder>>()

  of({ environment, project }: Pick<JobsFolder, 'environment' | 'project'>): Folder {
    let ofEnvironment = this.byNames.get(environment)
    if (!ofEnvironment) this.byNames.set(environment, (ofEnvironment = new Map()))
    const known = ofEnvironment.get(project)
    if (known) return known
    const folder = { environment, project, queues: false }
    this.all.push(folder)
    ofEnvironment.set(project, folder)
    return folder
  }
}

function placeOf(environment: string, project: string, known: Catalogue) {
  const spec = known.environments.get(environment)
  return (
    spec &&
    resolvePlace(environment, () => spec.document.locate(''), {
      catalogue: known,
      project,
      at: spec.document,
      problems: [],
    })
  )
}
