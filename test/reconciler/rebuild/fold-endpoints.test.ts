import { expect, it } from 'vitest'
import type { EndpointLedger } from '../../../domain/ledger.ts'
import { foldEndpoints, recordOfRelease } from '../../../reconciler/rebuild/fold-endpoints.ts'
import { at } from '../../support/reconciler.ts'
import { sampleEndpoint, sampleEndpointPlan } from '../../support/records.ts'

const path = '.specyard/ledger/endpoints/dev/language/handbook.json'
const plan = sampleEndpointPlan(sampleEndpoint())
const pin = { model: 'handbook-lm', version: 2, digest: 'sha256:2', uri: 'file:///2' }
const key = { environment: 'dev', project: 'language', name: 'handbook' }
const waiting: EndpointLedger = { format: 1, ...key, plan, pin: null, revision: 0, past: [] }
const first: EndpointLedger = { ...waiting, pin: { ...pin, version: 1 }, revision: 1 }
const second: EndpointLedger = { ...first, pin, revision: 2 }
const moment = (number: number) => ({ commit: String(number), at: at(number) })

it.each([
  ['a first entry is a step, also while it waits', [waiting], ['released 0']],
  ['an entry that changes without a release is none', [first, { ...first, past: [] }], ['released 1', undefined]],
  ['each revision is a step', [waiting, first, second], ['released 0', 'released 1', 'released 2']],
  ['an entry that is removed is a step, once', [first, null, null], ['released 1', 'removed', undefined]],
  ['an entry that comes back is a step', [first, null, first], ['released 1', 'removed', 'released 1']],
] as const)('%s', (_, entries, expected) => {
  const take = foldEndpoints()
  const steps = entries.map((entry, index) => take(path, entry, moment(index)))
  expect(
    steps.map((step) => step && (step.kind === 'removed' ? 'removed' : `released ${step.entry.revision}`)),
  ).toEqual(expected)
})

it('a release is of its commit’s time, and of an endpoint as old as its first commit', () => {
  const take = foldEndpoints()
  take(path, waiting, moment(1))
  const step = take(path, first, moment(2))
  expect(step).toMatchObject({ since: at(1), at: at(2) })
  expect(recordOfRelease(first, at(1), at(2))).toMatchObject({
    ...{ revision: 1, modelVersion: 1, status: 'deploying', reason: 'FromLedger', url: null },
    ...{ createdAt: at(1), updatedAt: at(2), lastHealthCheck: null },
  })
  expect(recordOfRelease(waiting, at(1), at(1))).toMatchObject({ status: 'waiting', modelVersion: null })
})
