import { describe, expect, it } from 'vitest'
import type { EndpointLedger } from '../../../domain/ledger.ts'
import type { ClusterView, SeenApplication, SeenEndpoint } from '../../../domain/observation.ts'
import { isUnmarked, withRevision } from '../../../reconciler/serving/applied.ts'
import { entryOf, serving } from '../../support/rollouts.ts'

const entry: EndpointLedger = { ...entryOf(serving()), revision: 3 }
/** Newest first. */
const publications = [
  { commit: 'later', subjects: ['dev/language/other'] },
  { commit: 'release', subjects: ['dev/language/letters'] },
  { commit: 'earlier', subjects: ['dev/language/letters'] },
]

const endpoint: SeenEndpoint = {
  ...{ environment: 'dev', project: 'language', name: 'letters', namespace: 'language', framework: 'kserve' },
  ...{ resourceId: 'language/letters', modelDigest: null, revision: null, current: true, replicas: 1 },
  ...{ readyReplicas: 1, url: null, reason: '', message: '', failing: false },
}

function view(appliedRevision: string | null | undefined, more: Partial<SeenEndpoint> = {}): ClusterView {
  const application: SeenApplication = {
    ...{ name: 'dev.language.endpoint.letters', appliedRevision: appliedRevision ?? null, phase: 'Succeeded' },
    ...{ message: '', operation: null },
  }
  const applications = appliedRevision === undefined ? [] : [application]
  return { at: new Date(0), jobs: [], pods: [], leases: [], applications, endpoints: [{ ...endpoint, ...more }] }
}

describe('a workload that does not say its release', () => {
  it.each<[string, ClusterView, number | null]>([
    ['is of this one when its commit is applied', view('release'), 3],
    ['is of this one when a later commit is', view('later'), 3],
    ['is of an earlier one while an earlier commit is', view('earlier'), 0],
    ['is of an earlier one while nothing is known to be applied', view(null), 0],
    ['is of nobody knows which where nothing applies commits', view(undefined), null],
  ])('%s', (_sentence, seen, revision) => {
    const marked = withRevision(entry, seen, { publications, headOf: () => 'later' })
    expect(marked.endpoints.map((one) => one.revision)).toEqual([revision])
  })

  it('is of this one when the head of its own branch is applied, and not by the head of another', () => {
    const heads = {
      publications: [],
      headOf: (environment: string) => (environment === entry.environment ? 'own' : 'other'),
    }
    expect(withRevision(entry, view('own'), heads).endpoints.map((one) => one.revision)).toEqual([3])
    expect(withRevision(entry, view('other'), heads).endpoints.map((one) => one.revision)).toEqual([0])
  })

  it('is asked about; one that says it, or that is not there, is not', () => {
    const unmarked = (more: Partial<SeenEndpoint>) => isUnmarked(entry, view('release', more))
    expect([unmarked({}), unmarked({ revision: 2 }), unmarked({ name: 'other' })]).toEqual([true, false, false])
    expect([isUnmarked(entry, null), isUnmarked(entry, undefined)]).toEqual([false, false])
    expect(isUnmarked({ ...entry, pin: null }, view('release'))).toBe(false)
  })
})
