import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../reconciler/sources/kubernetes/api/api-error.ts'
import type { ApiRequest } from '../../../reconciler/sources/kubernetes/api/api.ts'
import { type AppProject, projectFindings } from '../../../reconciler/sources/kubernetes/ground/app-project.ts'
import { checkArgocd } from '../../../reconciler/sources/kubernetes/ground/argocd.ts'
import type { Finding } from '../../../reconciler/sources/kubernetes/ground/finding.ts'
import { checkImages } from '../../../reconciler/sources/kubernetes/ground/images.ts'
import { checkRights } from '../../../reconciler/sources/kubernetes/ground/rights.ts'

/* What is told of a cluster before anything runs there. */

const server = 'https://kubernetes.default.svc'
const wanted = {
  namespace: 'argocd',
  repository: 'https://git.example.com/ml/deploy.git',
  destinations: [
    { server, namespace: 'argocd', kinds: [{ group: 'argoproj.io', kind: 'Application' }] },
    { server, namespace: 'ml-language', kinds: [{ group: 'batch', kind: 'Job' }] },
  ],
}
const open: NonNullable<AppProject['spec']> = { sourceRepos: ['*'], destinations: [{ namespace: '*', server: '*' }] }
const problemsOf = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ outcome }) => outcome === 'problem').map(({ message }) => message)
const judge = (spec: AppProject['spec']): readonly string[] =>
  problemsOf(projectFindings({ metadata: { name: 'default' }, spec: { ...open, ...spec } }, wanted))

describe('an AppProject', () => {
  it.each<[string, AppProject['spec']]>([
    ['everything', {}],
    ['the repository by a pattern', { sourceRepos: ['https://git.example.com/ml/*'] }],
    ['each destination by itself', { destinations: ['argocd', 'ml-*'].map((namespace) => ({ server, namespace })) }],
    [
      'Jobs and Applications',
      {
        namespaceResourceWhitelist: [
          { group: 'batch', kind: '*' },
          { group: '*', kind: 'Application' },
        ],
      },
    ],
    ['the cluster by its name', { destinations: [{ name: 'in-cluster', namespace: '*' }] }],
    ['all namespaces but another', { destinations: [{ server: '*', namespace: '!kube-system' }] }],
    ['all repositories but another', { sourceRepos: ['!https://git.example.com/other/**'] }],
    ['the repository without the end of its name', { sourceRepos: ['https://git.example.com/ML/deploy'] }],
  ])('that allows %s is fine', (_what, spec) => {
    expect(judge(spec)).toEqual([])
  })

  it.each<[string, AppProject['spec'], string]>([
    [
      'another repository',
      { sourceRepos: ['https://git.example.com/other/*'] },
      'the source https://git.example.com/ml/deploy.git',
    ],
    ['no repository', { sourceRepos: [] }, 'the source'],
    ['all repositories but this', { sourceRepos: ['*', '!https://git.example.com/ml/*'] }, 'the source'],
    [
      'another namespace',
      { destinations: [{ server, namespace: 'argocd' }] },
      `the destination ${server}, namespace ml-language`,
    ],
    [
      'another cluster',
      { destinations: [{ server: 'https://elsewhere', namespace: '*' }] },
      `the destination ${server}, namespace argocd`,
    ],
    [
      'all namespaces but one',
      {
        destinations: [
          { server: '*', namespace: '*' },
          { server: '*', namespace: '!ml-language' },
        ],
      },
      'namespace ml-language',
    ],
    ['no Jobs', { namespaceResourceBlacklist: [{ group: 'batch', kind: 'Job' }] }, 'the kinds Job'],
    [
      'Deployments alone',
      { namespaceResourceWhitelist: [{ group: 'apps', kind: 'Deployment' }] },
      'the kinds Application, Job',
    ],
    ['no kind, by an empty list', { namespaceResourceWhitelist: [] }, 'the kinds Application, Job'],
    ['repositories beside its folder', { sourceRepos: ['https://git.example.com/*'] }, 'the source'],
    [
      'all clusters but this by its name',
      {
        destinations: [
          { server: '*', namespace: '*' },
          { name: '!in-cluster', namespace: '*' },
        ],
      },
      'the destination',
    ],
  ])('that allows %s is a problem', (_what, spec, message) => {
    expect(judge(spec).join('\n')).toContain(message)
  })

  it('with sync windows is a problem that says when', () => {
    const window = { kind: 'deny', schedule: '0 22 * * *', duration: '8h' }
    expect(judge({ syncWindows: [window] })).toEqual([expect.stringContaining('deny 0 22 * * * for 8h')])
  })
})

/** An API server that answers these paths, and says of others that they are not there or may not be read. */
function api(answers: Readonly<Record<string, unknown>>, status = 404) {
  const asked: ApiRequest[] = []
  const json = async (request: ApiRequest): Promise<unknown> => {
    asked.push(request)
    const found = answers[request.path]
    if (found === undefined) throw new ApiError('no', { status })
    return typeof found === 'function' ? (found as (body: unknown) => unknown)(request.body) : found
  }
  return { json, asked }
}
const kinds = { '/apis/argoproj.io/v1alpha1': { resources: [{ name: 'applications' }, { name: 'appprojects' }] } }
const projectPath = '/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default'
const settingsPath = '/api/v1/namespaces/argocd/configmaps/argocd-cm'
const project = { metadata: { name: 'default' }, spec: open }

describe('Argo CD', () => {
  it('that is there as usual is fine', async () => {
    const findings = await checkArgocd(api({ ...kinds, [projectPath]: project, [settingsPath]: {} }), wanted)
    expect(findings.map(({ outcome }) => outcome)).toEqual(Array(6).fill('ok'))
  })

  it('that is not there is one problem', async () => {
    expect(problemsOf(await checkArgocd(api({}), wanted))).toEqual([
      expect.stringContaining('Application and AppProject'),
    ])
  })

  it('whose project and settings may not be read is not known', async () => {
    const findings = await checkArgocd(api(kinds, 403), wanted)
    expect(findings.map(({ outcome }) => outcome)).toEqual(['ok', 'unknown', 'unknown'])
  })

  it('without its project is a problem', async () => {
    const findings = await checkArgocd(api({ ...kinds, [settingsPath]: {} }), wanted)
    expect(problemsOf(findings)).toEqual(['AppProject argocd/default is not there'])
  })

  it('that never looks by itself is a problem', async () => {
    const settings = { data: { 'timeout.reconciliation': '0s' } }
    const findings = await checkArgocd(api({ ...kinds, [projectPath]: project, [settingsPath]: settings }), wanted)
    expect(problemsOf(findings)).toEqual([expect.stringContaining('timeout.reconciliation is 0')])
  })

  it('that does not answer is no finding', async () => {
    await expect(checkArgocd(api({}, 503), wanted)).rejects.toThrow('no')
  })
})

describe('rights', () => {
  const review = (path: string) => ({
    [`/apis/authorization.k8s.io/v1/${path}`]: (body: unknown) => {
      const { verb, resource } = (body as { spec: { resourceAttributes: { verb: string; resource: string } } }).spec
        .resourceAttributes
      return { status: { allowed: !(verb === 'watch' && resource === 'jobs') && resource !== 'applications' } }
    },
  })
  const places = { namespaces: ['ml-language'], argocdNamespace: 'argocd' }

  it('that are lacking are told verb by verb, for each namespace', async () => {
    const findings = await checkRights(api(review('selfsubjectaccessreviews')), places, null)
    expect(problemsOf(findings)).toEqual([
      'this identity may not do in namespace ml-language: watch jobs',
      'this identity may not do in namespace argocd: list applications, watch applications, patch applications',
    ])
  })

  it('of somebody else are asked with the groups of a service account', async () => {
    const cluster = api(review('subjectaccessreviews'))
    await checkRights(cluster, places, 'system:serviceaccount:specyard:reconciler')
    expect((cluster.asked[0]?.body as { spec: unknown }).spec).toMatchObject({
      user: 'system:serviceaccount:specyard:reconciler',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:specyard', 'system:authenticated'],
    })
  })
})

describe('nodes', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const node = (ready: string, ...names: readonly string[]) => ({
    status: { conditions: [{ type: 'Ready', status: ready }], images: [{ names }] },
  })
  const path = '/api/v1/nodes?limit=500'

  it('that are ready and have the image are fine, whatever they call it', async () => {
    const nodes = { items: [node('True', `example.com/mirror@${digest}`), node('Unknown')] }
    const findings = await checkImages(api({ [path]: nodes }), [`busybox@${digest}`])
    expect(findings.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
    expect(findings[0]?.message).toBe('1 node is Ready')
  })

  it('that lack the image, or may not be listed, are not known', async () => {
    const lacking = await checkImages(api({ [path]: { items: [node('True', 'other')] } }), [`busybox@${digest}`])
    expect(lacking.map(({ outcome }) => outcome)).toEqual(['ok', 'unknown'])
    const hidden = await checkImages(api({}, 403), [`busybox@${digest}`])
    expect(hidden.map(({ outcome }) => outcome)).toEqual(['unknown'])
  })

  it('of which none is ready are a problem', async () => {
    const findings = await checkImages(api({ [path]: { items: [node('Unknown')] } }), [])
    expect(problemsOf(findings)).toEqual(['no node of the cluster is Ready'])
  })
})
