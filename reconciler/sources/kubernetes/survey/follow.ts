import type { ForeignJob, ForeignPod, Incomplete, Survey } from '../../../observed/cluster.ts'
import type { Api } from '../api/api.ts'
import { createHealth } from '../health.ts'
import type { SeenQueueing } from '../projection/workload.ts'
import { openRefusals } from '../refusals.ts'
import { type Collection, type Mirror, openMirror } from '../watch/mirror.ts'
import { foreignApplications, foreignJobs, foreignPods, foreignWorkloads } from './collections.ts'
import { namespacesOf, noApplications, readRefusals, type Scope, withWorkloads } from './survey.ts'

export interface FollowedSurvey {
  /** How everything is now. @throws Fault CLUSTER_UNREACHABLE, CLUSTER_REFUSED */
  view(): Promise<Survey>
  close(): Promise<void>
}

interface Followed {
  readonly jobs: Mirror<ForeignJob>
  readonly pods: Mirror<ForeignPod>
  readonly workloads: Mirror<SeenQueueing>
}

/**
 * Follows a cluster by watches. Here what is refused is a fault: whoever waits for changes must not wait for what never comes.
 * @param changed told whenever something may be another than it was
 */
export function followSurvey(
  api: Api,
  scope: Scope,
  { now, log, changed }: { now(): Date; log(message: string): void; changed(): void },
): FollowedSurvey {
  const health = createHealth(api, ({ level, message }) => log(`${level}: ${message}`), changed)
  const refusals = openRefusals(api)
  const open = <T>(collection: Collection<T>): Mirror<T> =>
    health.add(openMirror(api, collection, { changed, stirred: health.stirred }))
  const applications = open(foreignApplications(scope.argocdNamespace))
  const followed = new Map<string, Followed>()

  const follow = (namespaces: readonly string[]): void => {
    for (const one of namespaces) {
      if (followed.has(one)) continue
      const mirrors = { jobs: foreignJobs(one), pods: foreignPods(one), workloads: foreignWorkloads(one) }
      followed.set(one, {
        jobs: open(mirrors.jobs),
        pods: open(mirrors.pods),
        workloads: open(mirrors.workloads),
      })
    }
  }
  return {
    view: async () => {
      await health.current()
      const namespaces = namespacesOf(scope, applications.values())
      follow(namespaces)
      await health.current()
      const incomplete: Incomplete[] = applications.absent() ? [noApplications] : []
      const mirrors = namespaces.flatMap((one) => followed.get(one) ?? [])
      const pods = mirrors.flatMap((one) => one.pods.values())
      const jobs = withWorkloads(
        mirrors.flatMap((one) => one.jobs.values()),
        mirrors.flatMap((one) => one.workloads.values()),
      )
      return {
        at: now(),
        server: api.server,
        namespaces,
        applications: [...applications.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
        jobs,
        pods,
        refusals: await readRefusals(api, refusals, jobs, pods, incomplete),
        incomplete,
      }
    },
    close: () => health.close(),
  }
}
