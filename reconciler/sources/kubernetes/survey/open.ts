import type { Survey } from '../../../observed/cluster.ts'
import { createApi } from '../api/api.ts'
import { type ConnectionChoice, loadCredentials } from '../api/credentials.ts'
import { type FollowedSurvey, followSurvey } from './follow.ts'
import { type Scope, takeSurvey } from './survey.ts'

/** A cluster that is looked at and never written. */
export interface SurveyedCluster {
  /** @throws Fault CLUSTER_UNREACHABLE, CLUSTER_REFUSED when nothing at all may be read */
  once(signal: AbortSignal): Promise<Survey>
  follow(told: { log(message: string): void; changed(): void }): FollowedSurvey
  close(): void
}

/** @throws Fault SETTINGS_INVALID when the kubeconfig cannot be read or has no such context */
export async function openSurvey(choice: ConnectionChoice, scope: Scope, now: () => Date): Promise<SurveyedCluster> {
  const api = createApi(await loadCredentials(choice))
  return {
    once: (signal) => takeSurvey(api, scope, now, signal),
    follow: (told) => followSurvey(api, scope, { ...told, now }),
    close: () => api.close(),
  }
}
