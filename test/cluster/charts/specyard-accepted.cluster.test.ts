import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { goldenInstallNames, goldenInstallValues, installChart } from '../../charts/install-chart.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { schemaLocation, writeSchemas } from './schemas.ts'

let cluster: Cluster
let release = ''
let project = ''
const folder = mkdtempSync(join(tmpdir(), 'specyard-accepted-'))

beforeAll(async () => {
  cluster = theCluster()
  release = await makeNamespace(cluster, 'specyard')
  project = await makeNamespace(cluster, 'language')
  expect(await writeSchemas(cluster.kubernetes, join(folder, 'schemas'))).toBeGreaterThan(100)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  for (const name of [release, project]) await removeNamespace(cluster, name)
})

/** The objects of a case for namespaces that this cluster has, hooks included, as Helm renders them for this API server. */
function render(name: string): string {
  const values = parse(goldenInstallValues(name)) as {
    argocd?: { namespace: string | null }
    namespaces: readonly string[]
  }
  const argocd = values.argocd?.namespace === null ? null : 'argocd'
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, stringify({ ...values, namespaces: [project], argocd: { namespace: argocd } }))
  const { kubeconfig, programs } = cluster
  const words = [
    'template',
    'specyard',
    installChart,
    '-f',
    file,
    '-n',
    release,
    '--validate',
    '--kubeconfig',
    kubeconfig,
  ]
  const { status, stdout, stderr } = spawnSync(programs.helm, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return inNamespaces(stdout)
}

/** Helm leaves out what it gives to the API server beside the object: kubectl takes one namespace for all that name none, and no other then. */
function inNamespaces(rendered: string): string {
  const objects = parseAllDocuments(rendered).map((document) => document.toJS() as { metadata: object })
  return objects
    .map((object) => stringify({ ...object, metadata: { namespace: release, ...object.metadata } }))
    .join('---\n')
}

function conform(text: string) {
  const words = ['-strict', '-summary', '-schema-location', schemaLocation(join(folder, 'schemas'))]
  const { status, stdout, stderr } = spawnSync(cluster.programs.kubeconform, words, { input: text, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

function dryRun(text: string) {
  const words = ['--kubeconfig', cluster.kubeconfig, 'apply', '--server-side', '--dry-run=server', '-f', '-']
  const { status, stdout, stderr } = spawnSync(cluster.programs.kubectl, words, { input: text, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

describe.each(goldenInstallNames())('the chart specyard with the values of %s', (name) => {
  it('is as the API server describes its kinds, with no field that it does not know (kubeconform)', () => {
    const { status, said } = conform(render(name))
    expect(said).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/)
    expect(status).toBe(0)
  })

  it('is taken by the API server, admission included (server-side dry run)', () => {
    const { status, said } = dryRun(render(name))
    expect({ status, said }).toMatchObject({ status: 0 })
    expect(said).toContain('deployment.apps/specyard-api serverside-applied (server dry run)')
    expect(said).not.toMatch(/warning/i)
  })

  it('is taken in a namespace that enforces the restricted standard of pods', async () => {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    }
    await cluster.kubernetes.patch(`/api/v1/namespaces/${release}`, { metadata: { labels } })
    const { status, said } = dryRun(render(name))
    expect({ status, said }).toMatchObject({ status: 0 })
    expect(said).not.toMatch(/violate|warning/i)
  })
})

it('a misspelt field would be found by both', () => {
  const wrong = render('small').replace('backoffLimit: 2', 'backofLimit: 2')
  expect(conform(wrong).status).not.toBe(0)
  expect(dryRun(wrong).status).not.toBe(0)
})

it('a container that may gain privileges would be found by the restricted standard', async () => {
  const labels = { 'pod-security.kubernetes.io/warn': 'restricted' }
  await cluster.kubernetes.patch(`/api/v1/namespaces/${release}`, { metadata: { labels } })
  const wrong = render('small').replaceAll('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true')
  expect(dryRun(wrong).said).toMatch(/would violate PodSecurity/)
})
