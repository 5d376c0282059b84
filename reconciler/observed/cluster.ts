import type { SeenApplication, SeenJob, SeenPod, SeenRefusal } from '../../domain/observation.ts'
import type { AskedOfJob } from './asked.ts'

/*
 * What `specyard observe` sees of a cluster that is none of ours: Jobs and Applications that somebody else made, with nothing of Specyard on them.
 */

/** One look at the cluster. */
export interface Survey {
  readonly at: Date
  /** Address of the API server. */
  readonly server: string
  /** Namespaces that were looked at, sorted. */
  readonly namespaces: readonly string[]
  readonly applications: readonly ForeignApplication[]
  readonly jobs: readonly ForeignJob[]
  readonly pods: readonly ForeignPod[]
  /** Of Jobs that lack pods: what the cluster said when it refused to make one last. */
  readonly refusals: readonly SeenRefusal[]
  /** What could not be looked at, so that nobody takes its silence for an answer. */
  readonly incomplete: readonly Incomplete[]
}

export interface Incomplete {
  /** E.g. `pods in ml-team`. */
  readonly what: string
  readonly why: string
  readonly remedy: string
}

/** A Job, whoever made it. `seen` has its own UID as the run's id, and attempt 1. */
export interface ForeignJob {
  readonly seen: SeenJob
  readonly asked: AskedOfJob
  readonly annotations: Readonly<Record<string, string>>
  /** Name of the Application that Argo CD has written on it; null where nothing is. */
  readonly trackedBy: string | null
  /** The controller that made it, e.g. a CronJob; null where a person or a tool did. */
  readonly owner: { readonly kind: string; readonly name: string } | null
  /** What Specyard's own labels say, where they are there. */
  readonly specyard: SpecyardLabels | null
}

export interface SpecyardLabels {
  readonly runId: string
  readonly attempt: number
  /** Spec file and line, as the Job's annotation has it. */
  readonly spec: string | null
}

/** A pod of a Job, or of one that is no longer there. */
export interface ForeignPod {
  readonly seen: SeenPod
  /** GPUs that it asks for. */
  readonly gpus: number
  /** Name of the Job that made it, by its label; empty when it does not say. */
  readonly jobName: string
}

export interface ForeignApplication {
  readonly name: string
  readonly namespace: string
  readonly sources: readonly ApplicationSource[]
  readonly destination: { readonly server: string; readonly name: string; readonly namespace: string }
  readonly automated: boolean
  readonly selfHeal: boolean
  readonly prune: boolean
  /** Of its `syncPolicy.syncOptions`. */
  readonly syncOptions: readonly string[]
  /** What the reconciler reads of an Application. */
  readonly seen: SeenApplication
  /** `Synced`, `OutOfSync`, `Unknown`; empty before the first comparison. */
  readonly sync: string
  /** Argo CD's own word, which says little of Jobs. */
  readonly health: string
  /** Who asked for the last operation, e.g. `admin`; `automated` where Argo CD did itself; null before the first. */
  readonly syncedBy: string | null
  readonly syncedAt: Date | null
  readonly resources: readonly ApplicationResource[]
}

export interface ApplicationSource {
  readonly repository: string
  readonly revision: string
  /** Folder of the repository, without slashes at its ends; empty for its root, null for a chart of a registry. */
  readonly path: string | null
  readonly chart: string | null
  /** As the Application says it; `directory` where it says nothing, which files of the folder may still change. */
  readonly tool: 'directory' | 'helm' | 'kustomize' | 'plugin'
  readonly recurse: boolean
  readonly include: string
  readonly exclude: string
}

export interface ApplicationResource {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly status: string
  readonly hook: boolean
  readonly requiresPruning: boolean
}
