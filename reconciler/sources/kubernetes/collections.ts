import { labels, trainerApp } from '../../../domain/names.ts'
import type { SeenApplication, SeenJob, SeenPod } from '../../../domain/observation.ts'
import { seenApplication } from './projection/application.ts'
import { type SeenDeployment, seenDeployment } from './projection/serving/deployment.ts'
import { type SeenInferenceService, seenInferenceService } from './projection/serving/inference-service.ts'
import { endpointChart, endpointLabels, type SeenWorkload } from './projection/serving/labels.ts'
import { seenRayService } from './projection/serving/ray-service.ts'
import { type SeenServer, seenServer } from './projection/serving/server.ts'
import { seenJob } from './projection/job.ts'
import { seenPod } from './projection/pod.ts'
import { type SeenQueueing, seenQueueing } from './projection/workload.ts'
import type { Collection } from './watch/mirror.ts'

/*
 * What is watched of a cluster: in each namespace Jobs and pods of trainings with Kueue's Workloads of them, Deployments, InferenceServices,
 * RayServices and pods of endpoints; Applications where Argo CD has them. rules.ts says what an identity needs for it.
 */

const trainings = `${labels.app}=${trainerApp},${labels.jobId}`

export function jobsOf(namespace: string): Collection<SeenJob> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`
  return { name: `jobs in ${namespace}`, path, selector: trainings, project: seenJob }
}

export function podsOf(namespace: string): Collection<SeenPod> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  return { name: `pods in ${namespace}`, path, selector: trainings, project: seenPod }
}

/** Kueue's, of Jobs; those of other kinds are none of ours. */
export function workloadsOf(namespace: string): Collection<SeenQueueing> {
  return {
    name: `workloads in ${namespace}`,
    path: { group: 'kueue.x-k8s.io', rest: `namespaces/${namespace}/workloads` },
    selector: '',
    project: seenQueueing,
  }
}

export function deploymentsOf(namespace: string, environment: string): Collection<SeenDeployment> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
  const selector = endpointsOf(environment)
  return { name: `deployments in ${namespace}`, path, selector, project: seenDeployment }
}

/** Of KServe, where it is installed. */
export function inferenceServicesOf(namespace: string, environment: string): Collection<SeenInferenceService> {
  return {
    name: `inferenceservices in ${namespace}`,
    path: { group: 'serving.kserve.io', version: 'v1beta1', rest: `namespaces/${namespace}/inferenceservices` },
    selector: endpointsOf(environment),
    project: seenInferenceService,
  }
}

/** Of KubeRay, where it is installed. */
export function rayServicesOf(namespace: string, environment: string): Collection<SeenWorkload> {
  return {
    name: `rayservices in ${namespace}`,
    path: { group: 'ray.io', rest: `namespaces/${namespace}/rayservices` },
    selector: endpointsOf(environment),
    project: seenRayService,
  }
}

export function serversOf(namespace: string, environment: string): Collection<SeenServer> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const selector = endpointsOf(environment)
  return { name: `pods of endpoints in ${namespace}`, path, selector, project: seenServer }
}

export function applicationsOf(namespace: string): Collection<SeenApplication> {
  return {
    name: `applications in ${namespace}`,
    path: { group: 'argoproj.io', rest: `namespaces/${namespace}/applications` },
    selector: 'app.kubernetes.io/managed-by=specyard',
    project: seenApplication,
  }
}

function endpointsOf(environment: string): string {
  return `${endpointLabels.chart}=${endpointChart},${endpointLabels.environment}=${environment}`
}
