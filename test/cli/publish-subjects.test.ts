import { expect, it } from 'vitest'
import { subjectsOf } from '../../cli/specs/publish-specs.ts'
import { plan } from '../support/reconciler.ts'

const key = (name: string) => ({ environment: 'dev', project: 'language', name })
const nothing = { starts: [], supersedes: [], cancels: [], keeps: [], releases: [], ends: [], waits: [], removes: [] }

it('a publication names whatever starts, stops or changes: by that its Applications are refreshed', () => {
  const impact = {
    ...nothing,
    starts: [plan],
    supersedes: [{ key: key('old'), oldRunId: 'a', newRunId: 'b' }],
    cancels: [{ key: key('gone'), runId: 'c' }],
    releases: [{ key: key('served'), modelVersion: 1, revision: 2 }],
    removes: [key('removed')],
  }
  expect(subjectsOf(impact)).toEqual([
    `${plan.environment}/${plan.project}/${plan.name}`,
    ...['old', 'gone', 'served', 'removed'].map((name) => `dev/language/${name}`),
  ])
})

it('a publication names a training once that supersedes its own run', () => {
  const impact = { ...nothing, starts: [plan], supersedes: [{ key: plan, oldRunId: 'a', newRunId: plan.id }] }
  expect(subjectsOf(impact)).toHaveLength(1)
})
