import { describe, expect, it } from 'vitest'
import { readDesired } from '../../local/sync/desired.ts'
import { endpointFiles, jobFiles, jobManifest } from '../support/local-manifests.ts'

const manifest = 'environments/dev/language/jobs/train.yaml'
const application = 'applications/dev/language/jobs.yaml'
const values = 'environments/dev/language/endpoints/handbook/values.yaml'

function edited(
  change: (job: { spec: Record<string, unknown> & { template: { spec: Record<string, unknown> } } }) => void,
): string {
  const job = JSON.parse(jobManifest({}))
  change(job)
  return JSON.stringify(job)
}

describe('what the deploy repository asks of the local cluster', () => {
  it('a folder of Jobs and an endpoint are read, and Applications of other clusters are not', () => {
    const files = { ...jobFiles({}), ...endpointFiles('', 'sha256:one') }
    const elsewhere = (files[application] ?? '').replace('"local"', '"prod-cluster"').replace('dev.', 'prod.')
    const desired = readDesired(
      new Map(Object.entries({ ...files, 'applications/prod/language/jobs.yaml': elsewhere })),
    )
    expect(desired).toMatchObject([
      {
        name: 'dev.language.endpoint.handbook',
        environment: 'dev',
        content: { kind: 'endpoint', endpoint: { namespace: 'ml', values: { name: 'handbook' } } },
      },
      {
        name: 'dev.language.jobs',
        environment: 'dev',
        content: { kind: 'jobs', jobs: [{ name: 'train', namespace: 'ml' }] },
      },
    ])
  })

  const broken: readonly [string, Record<string, string>, string][] = [
    ['broken YAML names file, line and column', { [manifest]: 'a: 1\nb: "open' }, `${manifest}:3:1: `],
    ['a kind that is no Job', { [manifest]: '{ apiVersion: v1, kind: Pod }' }, `${manifest}: apiVersion: `],
    [
      'several pods at once',
      { [manifest]: edited(({ spec }) => Object.assign(spec, { parallelism: 2 })) },
      'spec.parallelism: must be 1 on the local cluster',
    ],
    [
      'a restart policy that hides ends',
      { [manifest]: edited(({ spec }) => Object.assign(spec.template.spec, { restartPolicy: 'OnFailure' })) },
      'spec.template.spec.restartPolicy: must be Never',
    ],
    [
      'a life time after the end',
      { [manifest]: edited(({ spec }) => Object.assign(spec, { ttlSecondsAfterFinished: 1 })) },
      'spec.ttlSecondsAfterFinished: is not supported',
    ],
    [
      'two containers',
      {
        [manifest]: edited(({ spec }) =>
          Object.assign(spec.template.spec, { containers: [{ name: 'a' }, { name: 'b' }] }),
        ),
      },
      'must be one container',
    ],
    [
      'one Job in two files',
      { 'environments/dev/language/jobs/again.yaml': jobManifest({}) },
      'Job ml/train stands there twice',
    ],
    [
      'a name that leads elsewhere',
      { [manifest]: jobManifest({ name: '../../x' }) },
      'metadata.name: must be a lower-case DNS name',
    ],
    [
      'aliases that grow without bound',
      {
        [manifest]: `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]`,
      },
      'more than 50000 values',
    ],
    ['nesting without end', { [manifest]: '['.repeat(5000) }, `${manifest}:1:`],
    ['more than a cluster takes', { [manifest]: `# ${'x'.repeat(1024 * 1024)}` }, 'longer than 1048576 characters'],
  ]
  it.each(broken)('%s breaks its Application alone', (_what, files, message) => {
    const all = { ...endpointFiles('', 'sha256:one'), ...jobFiles({}), ...files }
    const desired = readDesired(new Map(Object.entries(all)))
    expect(desired.map(({ content }) => content.kind)).toEqual(['endpoint', 'broken'])
    expect(desired[1]).toMatchObject({
      name: 'dev.language.jobs',
      content: { message: expect.stringContaining(message) },
    })
  })

  it.each([
    ['a framework that needs a cluster', { framework: 'kserve' }, 'framework: must be fastapi on the local cluster'],
    ['a route that is no path', { route: 'handbook' }, 'route: '],
  ])('%s breaks its endpoint', (_what, more, message) => {
    const files = endpointFiles('', 'sha256:one', more)
    expect(readDesired(new Map(Object.entries(files)))).toMatchObject([
      { content: { kind: 'broken', message: expect.stringContaining(`${values}: ${message}`) } },
    ])
  })

  it('an Application file that cannot be read keeps the name that its path says', () => {
    const path = 'applications/dev/language/endpoints/handbook.yaml'
    expect(readDesired(new Map([[path, '{']]))).toMatchObject([
      { name: 'dev.language.endpoint.handbook', environment: 'dev', content: { kind: 'broken' } },
    ])
  })

  it('a release is another one when what runs changes, and the same when only a cluster would care', () => {
    const release = (more: object): string => {
      const [one] = readDesired(new Map(Object.entries(endpointFiles('', 'sha256:one', more))))
      return one?.content.kind === 'endpoint' ? one.content.endpoint.release : ''
    }
    expect(release({ resources: { cpu: 2 }, autoscale: { cpuUtilization: 70 } })).toBe(release({}))
    expect(release({ env: [] })).not.toBe(release({}))
    expect(release({ replicas: { min: 3, max: 4 } })).not.toBe(release({}))
    expect(release({ model: { digest: 'sha256:two' } })).not.toBe(release({}))
  })
})
