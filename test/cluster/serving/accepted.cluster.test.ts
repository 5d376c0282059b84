import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { renderEndpointApplication } from '../../../compiler/render/application.ts'
import { chartFolder, goldenValues, servingPlans } from '../../support/charts.ts'
import { makeNamespace } from '../support/cluster.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { applyServingDefinitions } from '../support/serving-crds.ts'
import { filledIn } from './filled-in.ts'

/*
 * Every object that the chart renders, in every mode, given to a real API server that has the real CustomResourceDefinitions.
 */

let own: OwnBed
let namespace = ''
const folder = mkdtempSync(join(tmpdir(), 'specyard-serving-'))

beforeAll(async () => {
  own = await openOwnBed([])
  expect(await applyServingDefinitions(own.cluster.kubernetes)).toBe(8)
  namespace = await makeNamespace(own.cluster, 'language')
  await own.cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await own.close()
})

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: unknown
}

function render(name: string): readonly Manifest[] {
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, goldenValues().get(name) ?? '')
  const { helm } = own.cluster.programs
  const { status, stdout, stderr } = spawnSync(
    helm,
    ['template', 'letters', chartFolder, '-f', file, '-n', namespace, '--kube-version', '1.36.0'],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout).flatMap((document) => {
    const object = document.toJS() as Manifest | null
    return object ? [{ ...object, metadata: { namespace, ...object.metadata } }] : []
  })
}

/** What the API server would store of objects, and what it says. */
function dryRun(objects: readonly object[]) {
  const { programs, kubeconfig } = own.cluster
  const words = ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--dry-run=server', '-o', 'json', '-f', '-']
  const input = objects.map((one) => stringify(one)).join('---\n')
  const { status, stdout, stderr } = spawnSync(programs.kubectl, words, { input, encoding: 'utf8' })
  const stored = status === 0 ? (JSON.parse(stdout) as { items?: readonly Manifest[] } & Manifest) : undefined
  return { status, stderr, stored: stored ? (stored.items ?? [stored]) : [] }
}

const modes = [...goldenValues().keys()]
/** Fields of versions newer than the definitions that are to be had: KServe 0.20 and KubeRay 1.5.1. */
const newer: Readonly<Record<string, readonly string[]>> = {
  'standard-canary': ['.spec.canary'],
  'ray-steps': ['.spec.upgradeStrategy.clusterUpgradeOptions'],
}

describe.each(modes.filter((name) => !(name in newer)))('the chart with the values of %s', (name) => {
  it('is taken by the API server, without a warning', () => {
    const objects = render(name)
    expect(objects.length).toBeGreaterThan(0)
    const { status, stderr, stored } = dryRun(objects)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stored).toHaveLength(objects.length)
  })

  it('has every field that the API server would fill in within a list of a custom resource, so that Argo CD sees no difference', () => {
    const objects = render(name).filter(({ kind }) => custom.includes(kind))
    if (objects.length === 0) return
    const { stored } = dryRun(objects)
    for (const [index, one] of objects.entries())
      expect([one.kind, filledIn(one.spec, stored[index]?.spec, '/spec')]).toEqual([one.kind, ignored(name, one.kind)])
  })
})

/** What the Application tells Argo CD to leave alone: workers that Ray's autoscaler counts. */
function ignored(name: string, kind: string): readonly string[] {
  return name === 'ray' && kind === 'RayService' ? ['/spec/rayClusterConfig/workerGroupSpecs/0/replicas'] : []
}

const custom = ['HTTPRoute', 'InferenceService', 'RayService', 'ScaledObject', 'SecurityPolicy', 'ServiceMonitor']

it.each(Object.entries(newer))('of %s the API server lacks the newer fields alone', (name, fields) => {
  const { status, stderr } = dryRun(render(name))
  expect(status).not.toBe(0)
  expect([...stderr.matchAll(/\.spec[^ ]*(?=: field not declared in schema)/g)].map(([field]) => field)).toEqual(fields)
})

it('the Application of every mode is taken too', () => {
  const address = { url: 'https://git.example.com/deploy.git', branch: 'main' }
  const applications = [...servingPlans().values()].map(
    (plan) => load(renderEndpointApplication(plan, address)) as object,
  )
  const { status, stderr, stored } = dryRun(applications)
  expect({ status, stderr }).toMatchObject({ status: 0 })
  expect(stored).toHaveLength(applications.length)
  const ray = applications.find((one) => JSON.stringify(one).includes('"ray.'))
  expect(ray).toMatchObject({
    spec: {
      ignoreDifferences: [{ jqPathExpressions: ['.spec.rayClusterConfig.workerGroupSpecs[].replicas'] }],
      syncPolicy: { syncOptions: ['RespectIgnoreDifferences=true'] },
    },
  })
})

it('a misspelt field would be found', () => {
  const wrong = render('gateway').map(
    (one) => JSON.parse(JSON.stringify(one).replace('"backendRefs"', '"backendReffs"')) as object,
  )
  expect(dryRun(wrong).status).not.toBe(0)
})
