import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { deploymentOf } from '../../compiler/policy/deployment.ts'
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

/** The Deployment that Helm renders of values. */
function rendered(file: string): Deployment {
  const { status, stdout, stderr } = spawnSync(
    helm,
    ['template', 'a', chartFolder, '-f', file, '--namespace', 'ml-language', '--kube-version', '1.34.0'],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home } },
  )
  if (status !== 0) throw new Error(stderr)
  const all = parseAllDocuments(stdout).map((one) => one.toJS() as Deployment | null)
  const found = all.find((one) => one?.kind === 'Deployment')
  if (!found) throw new Error(`no Deployment in ${stdout}`)
  return found
}

describe('the Deployment that policies see of an endpoint', () => {
  const examples = readdirSync(golden).filter((name) => existsSync(join(golden, name, 'values.yaml')))

  it.each(examples)('is the one that Helm renders: %s', (name) => {
    const file = join(golden, name, 'values.yaml')
    const ours = deploymentOf(parse(readFileSync(file, 'utf8')), 'ml-language')?.object as unknown as Deployment
    const theirs = rendered(file)
    const { namespace: _namespace, ...metadata } = ours.metadata as { namespace?: string; labels: object }
    expect(theirs).toMatchObject({ ...ours, metadata })
    expect(ours.metadata.labels).toEqual(theirs.metadata.labels)
    const [pod, theirPod] = [ours.spec.template.spec, theirs.spec.template.spec]
    expect(pod.containers).toHaveLength(theirPod.containers.length)
    expect(pod.containers[0]?.env).toEqual(theirPod.containers[0]?.env)
    // What we leave out is how it is probed, spread and ended, which nobody can set to something dangerous.
    const left = Object.keys(theirPod).filter((key) => !(key in pod))
    expect(['terminationGracePeriodSeconds', 'topologySpreadConstraints']).toEqual(expect.arrayContaining(left))
    const container = Object.keys(theirPod.containers[0] ?? {}).filter((key) => !(key in (pod.containers[0] ?? {})))
    expect(['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']).toEqual(expect.arrayContaining(container))
  })
})
