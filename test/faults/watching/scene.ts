import { randomUUID } from 'node:crypto'
import { labels } from '../../../domain/names.ts'
import { resource } from '../../cluster/base/kubernetes.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import type { Random } from '../random.ts'

/** Jobs that come, go and change. Their pods wait for a node that there is not. */
export interface Scene {
  add(): Promise<void>
  /** One Job comes, one goes, one changes: each must be seen, whatever happened meanwhile. */
  change(): Promise<void>
}

export function createScene({ kubernetes }: Cluster, namespace: string, random: Random): Scene {
  const jobs = resource('batch/v1', 'jobs', namespace)
  let made = 0
  const add = async (): Promise<void> => {
    made += 1
    await kubernetes.create(jobs, jobOf(namespace, `training-${made}`))
  }
  return {
    add,
    change: async () => {
      const there = await kubernetes.list<{ metadata: { name: string }; spec: { suspend?: boolean } }>(jobs)
      const [first, second] = random.shuffled(there)
      await add()
      await kubernetes.remove(`${jobs}/${first?.metadata.name}`)
      await kubernetes.patch(`${jobs}/${second?.metadata.name}`, { spec: { suspend: !second?.spec.suspend } })
    },
  }
}

function jobOf(namespace: string, name: string): unknown {
  const own = { app: 'trainer', [labels.jobId]: randomUUID(), [labels.attempt]: '1' }
  const container = { name: 'trainer', image: 'busybox:1.37.0', command: ['true'] }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: own },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels: own },
        spec: { restartPolicy: 'Never', nodeSelector: { nowhere: 'at-all' }, containers: [container] },
      },
    },
  }
}
