import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { verdictsFile, verdictsText } from '../../support/manifests/recorded.ts'
import { changes } from '../../support/manifests/changes.ts'
import { generated } from '../../support/manifests/generated.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { compareVerdicts, type Verdicts } from './verdicts.ts'

let cluster: Cluster
let namespace = ''
let verdicts: readonly Verdicts[] = []
const mixed = 400
const seed = 7

beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'manifests')
  const manifests = generated(namespace, mixed, seed)
  verdicts = await compareVerdicts(cluster.kubernetes, manifests, kubernetesSchemas.of('1.36'), namespace)
})
afterAll(() => removeNamespace(cluster, namespace))

/** A setting of this bed's API server (`--allow-privileged=false`), and no rule. */
const isSetting = ({ server }: Verdicts): boolean => server?.includes('disallowed by cluster policy') ?? false

/**
 * What the server takes and the compiler refuses, with the reason: the server leaves it to the kubelet or the scheduler, where it would fail for
 * ever, or takes what would put aside a variable that Specyard sets.
 */
const stricter = [
  / is "[^"]*", which is there twice$/,
  /\/image is "[^"]*", and may not begin or end with a space$/,
  /\/emptyDir\/medium is /,
  /\/items\/\d+\/key is /,
  /\/sources\/\d+ must have one of /,
  / must have one whole number in values for [GL]t$/,
  /\/podFailurePolicy lacks rules$/,
]

it('what the API server refuses of some hundred manifests, the compiler refuses', () => {
  expect(verdicts.length).toBeGreaterThan(700)
  expect(verdicts.filter(({ server }) => server !== null).length).toBeGreaterThan(300)
  expect(verdicts.filter(({ server }) => server === null).length).toBeGreaterThan(100)
  const missed = verdicts.filter((one) => one.server !== null && one.ours === null && !isSetting(one))
  expect(missed).toEqual([])
})

it('and what the compiler refuses the server refuses, but for what would only fail later', () => {
  const refused = verdicts.filter(({ ours, server }) => ours !== null && server === null)
  const unasked = refused.filter(({ ours }) => !stricter.some((form) => form.test(ours ?? '')))
  expect(unasked).toEqual([])
})

it('what the server said of each single change is what is on record for the tests without a cluster', () => {
  const single = verdicts.slice(1, changes.length + 1)
  const text = verdictsText(single.map((one) => [one.change, one.server !== null && !isSetting(one)] as const))
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(dirname(verdictsFile), { recursive: true })
    writeFileSync(verdictsFile, text)
  }
  expect(text).toBe(readFileSync(verdictsFile, 'utf8'))
})
