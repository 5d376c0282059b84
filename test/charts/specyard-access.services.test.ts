import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { argocdRules, leadershipRules, projectRules } from '../../reconciler/sources/kubernetes/rules.ts'
import {
  demandHelm,
  goldenInstallNames,
  goldenInstallValues,
  type Rendered,
  releaseNamespace,
  renderInstall,
} from './install-chart.ts'

beforeAll(demandHelm)

describe.each(goldenInstallNames())('what the chart specyard allows with the values of %s', (name) => {
  let objects: readonly Rendered[] = []
  beforeAll(() => {
    objects = renderInstall(goldenInstallValues(name))
  })
  const roles = () => objects.filter((one) => one.kind === 'Role')

  it('there is no wildcard, nothing cluster-wide, and no list or watch of Secrets', () => {
    expect(objects.filter((one) => one.kind.startsWith('Cluster'))).toEqual([])
    for (const { metadata, rules = [] } of roles())
      for (const rule of rules) {
        const where = `${metadata.namespace}/${metadata.name}`
        expect([...rule.apiGroups, ...rule.resources, ...rule.verbs].join(' '), where).not.toContain('*')
        if (!rule.resources.includes('secrets')) continue
        expect(rule.verbs, where).not.toContain('list')
        expect(rule.verbs, where).not.toContain('watch')
      }
  })

  it('the Role of each project is what the reconciler needs there, and that of Argo CD too', () => {
    const { namespaces } = parse(goldenInstallValues(name)) as { namespaces: readonly string[] }
    const projects = roles().filter(({ metadata }) => metadata.name === `${releaseNamespace}.specyard-project`)
    expect(projects.map(({ metadata }) => metadata.namespace)).toEqual(namespaces)
    for (const { rules } of projects) expect(rules).toEqual(projectRules)
    const applications = roles().filter(({ metadata }) => metadata.name === `${releaseNamespace}.specyard-applications`)
    const argocd = { small: [], scheduled: ['argocd'], watching: ['argocd'] }[name]
    expect(applications.map(({ metadata }) => metadata.namespace)).toEqual(argocd)
    for (const { rules } of applications) expect(rules).toEqual(argocdRules)
  })

  it('the Role in the namespace of the release is what leading needs, with the Lease by its name once it has one', () => {
    const rules = roles().find(({ metadata }) => metadata.name === `${releaseNamespace}.specyard-leader`)?.rules ?? []
    const verbs = rules.flatMap((rule) => rule.verbs)
    expect(verbs.sort()).toEqual(leadershipRules.flatMap((rule) => rule.verbs).sort())
    for (const { apiGroups, resources, verbs: own, resourceNames } of rules) {
      expect({ apiGroups, resources }).toEqual({ apiGroups: ['coordination.k8s.io'], resources: ['leases'] })
      expect(resourceNames).toEqual(own.includes('create') ? undefined : ['specyard-reconciler'])
    }
  })

  it('every Role is bound to the reconciler of this release and to nobody else', () => {
    const bindings = objects.filter((one) => one.kind === 'RoleBinding')
    const place = ({ metadata }: Rendered) => `${metadata.namespace}/${metadata.name}`
    expect(bindings.map(place)).toEqual(roles().map(place))
    for (const { subjects } of bindings)
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'specyard-reconciler', namespace: releaseNamespace }])
  })
})

describe('network policies of the chart specyard', () => {
  const policies = (name: string) =>
    renderInstall(goldenInstallValues(name)).filter((one) => one.kind === 'NetworkPolicy')
  const policy = (name: string, suffix: string) =>
    policies(name).find(({ metadata }) => metadata.name === `specyard${suffix}`)?.spec

  it('nobody connects to any pod of the release unless a policy says so', () => {
    expect(policy('watching', '')).toEqual({
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'specyard', 'app.kubernetes.io/instance': 'specyard' },
      },
      policyTypes: ['Ingress'],
      ingress: [],
    })
  })

  it('trainers of the project namespaces reach the port for callbacks and nothing else', () => {
    expect(policy('watching', '-callbacks')).toMatchObject({
      ingress: [
        {
          ports: [{ port: 'callbacks' }],
          from: ['ml-language', 'ml-vision'].map((namespace) => ({
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
            podSelector: { matchLabels: { app: 'trainer' } },
          })),
        },
      ],
    })
  })

  it('metrics are for those who are named, and for nobody where nobody is', () => {
    expect(policy('watching', '-metrics')).toMatchObject({ ingress: [{ ports: [{ port: 'health' }] }] })
    expect(policies('scheduled').map(({ metadata }) => metadata.name)).toEqual(['specyard', 'specyard-callbacks'])
  })

  it('where connections outwards are restricted, names can still be looked up', () => {
    const egress = (policy('scheduled', '') as { egress: readonly { ports?: unknown }[] }).egress
    expect(egress).toHaveLength(2)
    expect(egress[0]).toEqual({
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    })
  })

  it('there are none where they are switched off', () => {
    expect(policies('small')).toEqual([])
  })
})
