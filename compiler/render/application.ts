import { type Branches, ownBranch } from '../../domain/branches.ts'
import { applicationName, paths } from '../../domain/ledger.ts'
import type { Destination, EndpointPlan } from '../../domain/plan.ts'
import { renderTemplate, type View } from './template.ts'

/** How Argo CD reaches the deploy repository. */
export interface DeployAddress {
  readonly url: string
  readonly branch: string
  /** The branch of each environment that has one of its own. */
  readonly branches?: Branches
}

/** Renders the Application over the Jobs of one project in one environment. */
export function renderJobsApplication(
  folder: {
    readonly environment: string
    readonly project: string
    readonly namespace: string
    readonly destination: Destination
    readonly queues: boolean
  },
  deploy: DeployAddress,
): string {
  const path = paths.jobsFolder(folder.environment, folder.project)
  return renderTemplate('jobs-application', {
    name: applicationName.jobs(folder.environment, folder.project),
    project: folder.project,
    generatePaths: '.',
    path,
    queues: folder.queues,
    ...source(deploy, folder.environment),
    ...target(folder.destination, folder.namespace),
  })
}

/** Renders the root Application of one environment, over all others of it. */
export function renderRootApplication(environment: string, deploy: DeployAddress): string {
  return renderTemplate('root-application', {
    name: applicationName.root(environment),
    generatePaths: '.',
    path: paths.applications(environment),
    ...source(deploy, environment),
  })
}

/** Renders the Application of one endpoint: the vendored chart with the endpoint's values. */
export function renderEndpointApplication(plan: EndpointPlan, deploy: DeployAddress): string {
  const chartPath = `charts/serving-endpoint/${plan.chartVersion}`
  const valuesPath = `/${paths.endpointValues(plan)}`
  return renderTemplate('endpoint-application', {
    name: applicationName.endpoint(plan),
    project: plan.project,
    generatePaths: `.;${valuesPath}`,
    chartPath,
    releaseName: plan.name,
    valuesPath,
    ...fieldsOfOthers(plan),
    ...source(deploy, plan.environment),
    ...target(plan.destination, plan.namespace),
  })
}

/** Fields of the endpoint's objects that others set, and Argo CD leaves alone. */
function fieldsOfOthers({ framework, autoscale, replicas }: EndpointPlan): View {
  return {
    // KServe has Deployments of its own, which Argo CD does not know.
    autoscaled: autoscale !== null && framework === 'fastapi',
    scaledByRay: framework === 'ray_serve' && replicas.max > replicas.min,
  }
}

function source({ url, branch, branches = {} }: DeployAddress, environment: string): View {
  return { url, branch: ownBranch(environment, branches) ?? branch }
}

function target(destination: Destination, namespace: string): View {
  if ('name' in destination) return { destinationKey: 'name', destination: destination.name, namespace }
  return { destinationKey: 'server', destination: destination.server, namespace }
}
