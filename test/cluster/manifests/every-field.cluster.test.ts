import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { everyField } from '../../support/manifests/every-field.ts'
import { everyFieldFile, everyFieldText } from '../../support/manifests/recorded.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { compareVerdicts } from './verdicts.ts'

let cluster: Cluster
let namespace = ''

beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'every-field')
})
afterAll(() => removeNamespace(cluster, namespace))

/** A setting of this bed's API server (`--allow-privileged=false`), and no rule, where it is all that the server said. */
const isSetting = (said: string): boolean =>
  said.includes('disallowed by cluster policy') && !said.includes('is invalid: [')

/** Asking of all of them takes minutes, and is done when the record is made anew. Each time one of so many is asked of, so that the record stays true. */
const oneOf = 4

it('what the API server refuses of every field of a pod the compiler refuses, and the record has it', async () => {
  const isMadeAnew = Boolean(process.env['UPDATE_GOLDEN'])
  const isAsked = (_one: unknown, index: number): boolean => isMadeAnew || index % oneOf === 0
  const definitions = kubernetesSchemas.of('1.36')
  const verdicts: (readonly [title: string, refused: readonly boolean[]])[] = []
  const missed: string[] = []
  for (const { title, objects } of everyField(namespace, definitions).filter(isAsked)) {
    const manifests = objects().map((object, index) => [`${title}, value ${index}`, object] as const)
    const answers = await compareVerdicts(cluster.kubernetes, manifests, definitions, namespace)
    const refused = answers.map(({ server }) => server !== null && !isSetting(server))
    verdicts.push([title, refused])
    missed.push(...answers.flatMap((one, index) => (refused[index] && one.ours === null ? [one.change] : [])))
  }
  expect(missed).toEqual([])
  const text = everyFieldText(verdicts)
  if (isMadeAnew) writeFileSync(everyFieldFile, text)
  const recorded = readFileSync(everyFieldFile, 'utf8').trimEnd().split('\n')
  expect(text.trimEnd().split('\n')).toEqual(recorded.filter(isAsked))
}, 600_000)
