import { expect, it } from 'vitest'
import type { EnvironmentLedger, LedgerRun, RunLedger } from '../../domain/ledger.ts'
import { retiredLeases } from '../../reconciler/retired-leases.ts'
import { ledgerRun, plan } from '../support/reconciler.ts'

const attempt = (number: number, retired: boolean) => ({
  ...{ attempt: number, retired, jobName: `job-${number}`, failureClass: null, checkpointUri: null },
})

function ledger(...runs: readonly LedgerRun[]) {
  const entry: RunLedger = { format: 1, environment: 'prod', project: 'language', name: 'letters', runs }
  const place: EnvironmentLedger = {
    ...{
      format: 1,
      environment: 'prod',
      cluster: 'kubernetes',
      context: 'prod',
      namespaces: { language: 'ml-language' },
    },
  }
  return { runs: [entry], endpoints: [], models: [], environments: [place] }
}

it('leases of retired attempts are asked for by name, in the namespace of the plan, or of the project where that is gone', () => {
  const newest = { ...ledgerRun, id: 'newest', attempts: [attempt(1, true), attempt(2, false)] }
  const older = { ...ledgerRun, id: 'older', plan: null, attempts: [attempt(1, true)] }
  const leases = retiredLeases(ledger(newest, older), new Set(['newest', 'older']))
  expect(leases.get('prod')).toEqual([
    { namespace: plan.namespace, runId: 'newest', attempt: 1 },
    { namespace: 'ml-language', runId: 'older', attempt: 1 },
  ])
})

it('of runs that the records are done with nothing is asked', () => {
  const done = { ...ledgerRun, id: 'done', attempts: [attempt(1, true)] }
  expect(retiredLeases(ledger(done), new Set()).get('prod') ?? []).toEqual([])
})
