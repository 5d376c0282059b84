import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { deploymentsOf } from '../../compiler/policy/deployment.ts'
import { chartFolder } from '../support/charts.ts'

const helm = process.env['HELM'] || 'helm'
const home = mkdtempSync(join(tmpdir(), 'specyard-judged-'))
const golden = join(import.meta.dirname, 'golden')

afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Deployment {
  readonly kind: string
  readonly metadata: { readonly labels: object }
  readonly spec: { readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod } }
}
interface Pod {
  readonly containers: readonly { readonly env: unknown; readonly [key: string]: unknown }[]
  readonly [key: string]: unknown
}

/** The Deployments that Helm renders of values. */
function rendered(file: string): readonly Deployment[] {
  const { status, stdout, stderr } = spawnSync(
    helm,
    ['template', 'a', chartFolder, '-f', file, '--namespace', 'ml-language', '--kube-version', '1.34.0'],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home } },
  )
  if (status !== 0) throw new Error(stderr)
  const all = parseAllDocuments(stdout).map((one) => one.toJS() as Deployment | null)
  return all.filter((one) => one?.kind === 'Deployment') as readonly Deployment[]
}

function expectSame(ours: Deployment, theirs: Deployment): void {
  const { namespace: _namespace, ...metadata } = ours.metadata as { namespace?: string; labels: object }
  expect(theirs).toMatchObject({ ...ours, metadata })
  expect(ours.metadata.labels).toEqual(theirs.metadata.labels)
  const [pod, theirPod] = [ours.spec.template.spec, theirs.spec.template.spec]
  expect(pod.containers).toHaveLength(theirPod.containers.length)
  expect(pod.containers[0]?.env).toEqual(theirPod.containers[0]?.env)
  // What we leave out is how it is probed, spread and ended, which nobody can set to something dangerous.
  const left = Object.keys(theirPod).filter((key) => !(key in pod))
  expect(['terminationGracePeriodSeconds', 'topologySpreadConstraints']).toEqual(expect.arrayContaining(left))
  for (const [index, own] of pod.containers.entries()) {
    const container = Object.keys(theirPod.containers[index] ?? {}).filter((key) => !(key in own))
    const unasked = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'args', 'ports', 'envFrom']
    expect(index === 0 ? unasked.slice(0, 4) : unasked).toEqual(expect.arrayContaining(container))
  }
}

describe('the Deployment that policies see of an endpoint', () => {
  const examples = readdirSync(golden).filter((name) => {
    const values = join(golden, name, 'values.yaml')
    return existsSync(values) && readFileSync(values, 'utf8').includes('framework: "fastapi"')
  })

  it.each(examples)('is the one that Helm renders: %s', (name) => {
    const file = join(golden, name, 'values.yaml')
    const ours = deploymentsOf(parse(readFileSync(file, 'utf8')), 'ml-language')
    const theirs = rendered(file)
    expect(ours).toHaveLength(theirs.length)
    for (const [index, one] of ours.entries())
      expectSame(one.object as unknown as Deployment, theirs[index] as Deployment)
  })
})
