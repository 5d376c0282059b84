import { type EndpointLedger, type ModelLedger, paths } from '../../domain/ledger.ts'
import { ledgerText, readLedger, readModelLedger } from '../../domain/ledger-files.ts'
import type { Operation } from '../../domain/operation.ts'
import { lastAsked } from '../../domain/rollout.ts'
import { decidePin } from '../ledger/endpoints.ts'
import { nextEntry } from '../ledger/releases.ts'
import { type Draft, Dropped } from './draft.ts'
import { writeEndpoint } from './endpoint-draft.ts'

/** Adds a model version, and pins it where an endpoint's environment follows the newest. A version's identity is its digest. */
export function register(operation: Extract<Operation, { kind: 'register' }>, draft: Draft): void {
  const { project, model } = operation
  const path = paths.modelLedger(project, model)
  const text = draft.read(path)
  const before = text === undefined ? undefined : readModelLedger(new Map([[path, text]]), project, model)
  const versions = before?.versions ?? []
  const known = versions.find((one) => one.digest === operation.version.digest)
  if (known) throw new Dropped(`version ${known.version} of ${project}/${model} has this digest already`)
  const number = (versions.at(-1)?.version ?? 0) + 1
  const after: ModelLedger = {
    format: 1,
    project,
    model,
    versions: [...versions, { version: number, ...operation.version }],
  }
  draft.write(path, ledgerText(after))
  for (const entry of followers(project, model, draft)) pinNewest(entry, after, draft)
}

function followers(project: string, model: string, draft: Draft): readonly EndpointLedger[] {
  return readLedger(draft.deployed.files).endpoints.filter((entry) => {
    const { plan } = lastAsked(entry)
    return (
      plan.project === project && plan.model.ref === model && plan.model.version === null && plan.follow === 'newest'
    )
  })
}

function pinNewest(deployedEntry: EndpointLedger, models: ModelLedger, draft: Draft): void {
  const path = paths.endpointLedger(deployedEntry)
  const text = draft.read(path)
  const entry = text === undefined ? deployedEntry : (JSON.parse(text) as EndpointLedger)
  const asked = lastAsked(entry)
  const pin = decidePin(asked.plan, asked.pin, models)
  if (pin === null || pin === 'unknown') return
  writeEndpoint(nextEntry({ ...asked.plan, chartVersion: draft.chart.version }, pin, entry), draft)
}
