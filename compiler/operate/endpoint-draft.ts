import { type EndpointLedger, paths } from '../../domain/ledger.ts'
import { ledgerText } from '../../domain/ledger-files.ts'
import { chartFiles, endpointFiles } from '../ledger/endpoints.ts'
import { chartVersionsOf } from '../../domain/rollout.ts'
import type { Draft } from './draft.ts'

/** Writes an entry, and the Application, values and charts that it asks for: from stored plans, no spec is read. */
export function writeEndpoint(entry: EndpointLedger, draft: Draft): void {
  draft.write(paths.endpointLedger(entry), ledgerText(entry))
  for (const [file, content] of endpointFiles(entry, draft.address)) draft.write(file, content)
  for (const version of chartVersionsOf(entry))
    for (const [file, content] of chartFiles(version, draft.chart, draft.deployed.files)) draft.write(file, content)
}
