import { describe, expect, it } from 'vitest'
import { observeAll } from '../../../reconciler/observed/observe.ts'
import { namespacesOf } from '../../../reconciler/sources/kubernetes/survey/survey.ts'
import { applicationObject, type ApplicationWishes, survey } from '../../support/observed.ts'

const scope = { namespaces: [], argocdNamespace: 'argocd' }
const resource = (kind: string, namespace = 'team') => ({ kind, namespace, name: 'one', status: 'Synced' })
const app = (resources: readonly object[], more: ApplicationWishes = {}) =>
  applicationObject({ ...more, status: { resources } })

describe('where Jobs are looked for', () => {
  it.each([
    ['where an Application lists a Job', [app([resource('Job', 'jobs')])], ['jobs']],
    [
      'where it lists what makes Jobs',
      [app([resource('CronJob', 'a'), resource('JobSet', 'b'), resource('TrainJob', 'c')])],
      ['a', 'b', 'c'],
    ],
    ['not where it has none', [app([resource('Deployment')])], []],
    ['where one of which nothing is listed yet will put something', [app([])], ['team']],
    ['not in another cluster', [app([], { destination: { server: 'https://elsewhere:6443' } })], []],
  ] as const)('%s', (_sentence, applications, namespaces) => {
    expect(namespacesOf(scope, survey({ applications }).applications)).toEqual(namespaces)
  })

  it('where a person says, and nowhere else', () => {
    const { applications } = survey({ applications: [app([resource('Job', 'jobs')])] })
    expect(namespacesOf({ ...scope, namespaces: ['b', 'a', 'a'] }, applications)).toEqual(['a', 'b'])
  })
})

describe('Applications', () => {
  it('that put nothing into what is looked at are not told of; those of other clusters are counted', () => {
    const elsewhere = applicationObject({ name: 'far', destination: { name: 'production', server: undefined } })
    const other = applicationObject({ name: 'ingress', destination: { namespace: 'ingress' } })
    const seen = observeAll(survey({ applications: [applicationObject(), other, elsewhere] }), null)
    expect(seen.applications.map(({ name }) => name)).toEqual(['ml'])
    expect(seen.notes[0]).toBe('1 of the Applications put their objects into other clusters, which were not looked at')
  })
})
