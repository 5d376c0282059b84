import { paths } from '../../domain/ledger.ts'
import { ledgerText, readModelLedger } from '../../domain/ledger-files.ts'
import type { Operation } from '../../domain/operation.ts'
import { type Draft, Dropped } from './draft.ts'

/** Moves a model version to another stage. What is served is not touched: endpoints are pinned to versions. */
export function stage(operation: Extract<Operation, { kind: 'stage' }>, draft: Draft): void {
  const { project, model, version, expect, stage: wanted } = operation
  const path = paths.modelLedger(project, model)
  const text = draft.read(path)
  const entry = text === undefined ? undefined : readModelLedger(new Map([[path, text]]), project, model)
  const before = entry?.versions.find((one) => one.version === version)
  if (!entry || !before) throw new Dropped(`the ledger has no version ${version} of ${project}/${model}`)
  if (before.stage !== expect)
    throw new Dropped(`${project}/${model}@${version} is ${before.stage} by now, not ${expect}`)
  const versions = entry.versions.map((one) => (one === before ? { ...one, stage: wanted } : one))
  draft.write(path, ledgerText({ ...entry, versions }))
}
