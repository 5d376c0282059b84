import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kubernetesSchemas } from '../../cli/house/kubernetes-schemas.ts'
import { newestKubernetes } from '../../compiler/manifest/schemas.ts'
import { gitIn } from '../support/publisher.ts'
import { environment, twoEnvironments } from '../support/two-environments.ts'

/* Schemas are read once in a process: here they are those of a Kubernetes that has never heard of failure policies. */

it('what the API server would refuse is not published, and diff says so, also where our own template makes it', async () => {
  const { run, root, deploy } = await twoEnvironments('')
  const spec = kubernetesSchemas.of(newestKubernetes)['io.k8s.api.batch.v1.JobSpec']
  delete (spec?.properties as Record<string, unknown>)['podFailurePolicy']
  const local = 'cluster: local, images: { example/trainer: trainer }'
  const inCluster = environment('prod').replace(
    local,
    'cluster: { kubernetes: { context: prod, namespaces: { language: ml } } }',
  )
  writeFileSync(join(root, 'specs', 'prod.yaml'), inCluster)
  const refused = /specs\/words\.yaml:3:19 .*\n?.*Job \/spec\/podFailurePolicy is no field there/
  expect(await run('diff')).toMatchObject({ exit: 2, stdout: expect.stringMatching(refused) as unknown })
  expect(await run('publish')).toMatchObject({ exit: 1, stdout: expect.stringMatching(refused) as unknown })
  expect(gitIn(deploy, 'for-each-ref')).toBe('')
})
