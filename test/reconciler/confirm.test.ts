import { describe, expect, it } from 'vitest'
import type { EndpointLedger } from '../../domain/ledger.ts'
import type { ClusterView, SeenApplication, SeenEndpoint } from '../../domain/observation.ts'
import { isSeenWorking } from '../../reconciler/confirm.ts'
import { entryOf, serving } from '../support/rollouts.ts'

const entry: EndpointLedger = { ...entryOf(serving()), revision: 3 }
const subject = 'dev/language/letters'
/** Newest first. */
const publications = [
  { commit: 'later', subjects: ['dev/language/other'] },
  { commit: 'release', subjects: [subject] },
  { commit: 'earlier', subjects: [subject] },
]

const endpoint: SeenEndpoint = {
  ...{ environment: 'dev', project: 'language', name: 'letters', namespace: 'language', framework: 'fastapi' },
  ...{ resourceId: 'language/letters', modelDigest: null, current: true, replicas: 1, readyReplicas: 1, url: null },
  ...{ reason: '', message: '', failing: false },
}
function view(appliedRevision: string | null, more: Partial<SeenEndpoint> = {}): ClusterView {
  const application: SeenApplication = {
    ...{ name: 'dev.language.endpoint.letters', appliedRevision, phase: 'Succeeded', message: '', operation: null },
  }
  const nothing = { jobs: [], pods: [], leases: [] }
  return { at: new Date(0), ...nothing, applications: [application], endpoints: [{ ...endpoint, ...more }] }
}

describe('a release that is healthy is known to work', () => {
  it.each<[string, ClusterView | undefined, string, boolean]>([
    ['when its own commit is applied', view('release'), 'later', true],
    ['when a later commit is', view('later'), 'newest', true],
    ['when the head is, whoever made it', view('a commit of a person'), 'a commit of a person', true],
    [
      'not while the cluster has an earlier one: what is healthy there is the release before',
      view('earlier'),
      'later',
      false,
    ],
    ['not while nothing is applied', view(null), 'later', false],
    ['not by a commit that nobody knows', view('unknown'), 'later', false],
    ['not where no cluster is connected', undefined, 'later', false],
    ['not while something older serves, too', view('release', { current: false }), 'later', false],
    ['not where what is there says another revision', view('release', { revision: 2 }), 'later', false],
    ['when what is there says this revision', view('release', { revision: 3 }), 'later', true],
    ['when what is there says no revision', view('release', { revision: null }), 'later', true],
  ])('%s', (_title, seen, head, expected) => {
    expect(isSeenWorking(entry, seen, publications, () => head)).toBe(expected)
  })
})
