import { paths } from '../../domain/ledger.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { type EndpointKey, keyText } from '../../domain/names.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import { chartVersionsOf, lastAsked } from '../../domain/rollout.ts'
import type { CompileInput } from '../compile-types.ts'
import { chartFiles, decidePin, endpointFiles, waitMessage } from '../ledger/endpoints.ts'
import { nextEntry } from '../ledger/releases.ts'
import { heldProblem, releaseOf } from '../ledger/told.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { byKey } from '../resolve/routes.ts'
import { addFiles, type Deciding } from './deciding.ts'
import { editedLedgerFiles, endpointAsDeployed } from './edited.ts'

/** Which release each endpoint serves, with its files and the chart that they are for. */
export function decideEndpoints(
  plans: readonly EndpointPlan[],
  known: Catalogue,
  ledger: LedgerView,
  input: CompileInput,
  result: Deciding,
): void {
  const { deployed, deploy, chart } = input
  const before = new Map(ledger.endpoints.map((entry) => [keyText(entry), entry]))
  const versions = new Set<string>(input.beside?.charts)
  const edited = editedLedgerFiles(deployed)
  const leave = (key: EndpointKey, plan: EndpointPlan | undefined): void => {
    const old = before.get(keyText(key))
    const { files, charts } = endpointAsDeployed(key, old, deployed.files)
    if (old) result.entries.push(old)
    addFiles(files, undefined, input, result)
    for (const version of charts) versions.add(version)
    if (plan) result.learning?.endpoint(plan, files, charts)
    before.delete(keyText(key))
  }
  for (const plan of byKey(plans)) {
    const text = keyText(plan)
    const old = before.get(text)
    if (edited.has(paths.endpointLedger(plan))) {
      leave(plan, plan)
      continue
    }
    const models = ledger.models.find((one) => one.project === plan.project && one.model === plan.model.ref)
    const pin = decidePin(plan, old ? lastAsked(old).pin : null, models)
    const key = { environment: plan.environment, project: plan.project, name: plan.name }
    if (pin === 'unknown') {
      const spec = known.endpoints.find(
        (one) => one.value.metadata.name === plan.name && one.value.metadata.project === plan.project,
      )
      const where = spec?.document.locate('/spec/model/version') ?? {
        file: plan.source.path,
        line: plan.source.line,
        column: 1,
      }
      const hint = models?.versions.length
        ? `there are: ${models.versions.map((one) => one.version).join(', ')}`
        : 'it has no version yet'
      result.problems.push(
        problem('MODEL_VERSION_UNKNOWN', where, `model "${plan.model.ref}" has no version ${plan.model.version}`, {
          hint,
        }),
      )
      continue
    }
    const entry = nextEntry(plan, pin, old)
    result.entries.push(entry)
    const files = endpointFiles(entry, deploy)
    addFiles(files, plan.source, input, result)
    const charts = chartVersionsOf(entry)
    for (const version of charts) versions.add(version)
    result.learning?.endpoint(plan, files, charts)
    if (!entry.pin) result.impact.waits.push({ key, reason: 'WAITING_FOR_MODEL', message: waitMessage(plan, models) })
    const release = releaseOf(entry, old)
    if (release) result.impact.releases.push(release)
    if (old?.rollout && !entry.rollout && !release) result.impact.ends.push(key)
    const held = heldProblem(entry)
    if (held) result.problems.push(held)
    before.delete(text)
  }
  for (const old of before.values()) if (edited.has(paths.endpointLedger(old))) leave(old, undefined)
  for (const version of versions)
    for (const [path, text] of chartFiles(version, chart, deployed.files)) result.tree.set(path, text)
  for (const { environment, project, name } of before.values())
    result.impact.removes.push({ environment, project, name })
}
