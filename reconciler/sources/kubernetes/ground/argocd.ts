import { ApiError } from '../api/api-error.ts'
import type { Api } from '../api/api.ts'
import { type AppProject, type Destination, projectFindings } from './app-project.ts'
import { type Finding, ok, problem, unknown } from './finding.ts'

/** The project that our Applications are in. */
const projectName = 'default'
/** Argo CD's own default of `timeout.reconciliation`. */
const usualTimeout = '120s'

export interface WantedOfArgocd {
  readonly namespace: string
  /** The deploy repository as Applications name it. */
  readonly repository: string
  /** Where Applications bring their objects. */
  readonly destinations: readonly Destination[]
}

/** Looks at what of Argo CD our Applications depend on. @throws ApiError where the API server does not answer */
export async function checkArgocd(api: Pick<Api, 'json'>, wanted: WantedOfArgocd): Promise<readonly Finding[]> {
  const { namespace } = wanted
  const group = await read(api, '/apis/argoproj.io/v1alpha1')
  const kinds = (group.found as { resources?: readonly { name: string }[] } | undefined)?.resources ?? []
  const has = (name: string): boolean => kinds.some((one) => one.name === name)
  if (!has('applications') || !has('appprojects')) {
    return [
      problem(
        'the cluster does not know the kinds Application and AppProject of argoproj.io',
        'install Argo CD, or name the context of the cluster that it runs in in the Environment',
      ),
    ]
  }
  const base = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}`
  const project = await read(api, `${base}/appprojects/${projectName}`)
  const settings = await read(api, `/api/v1/namespaces/${namespace}/configmaps/argocd-cm`)
  return [
    ok('the cluster knows the kinds Application and AppProject of argoproj.io'),
    ...(project.found
      ? projectFindings(project.found as AppProject, wanted)
      : [whyNot(`AppProject ${namespace}/${projectName}`, project, 'make the project: Applications are in it')]),
    settings.found
      ? timeoutFinding((settings.found as { data?: Readonly<Record<string, string>> }).data ?? {})
      : whyNot(`ConfigMap ${namespace}/argocd-cm`, settings, `install Argo CD in the namespace ${namespace}`),
  ]
}

function timeoutFinding(data: Readonly<Record<string, string>>): Finding {
  const timeout = data['timeout.reconciliation'] ?? usualTimeout
  if (/^0+(s|m|h)?$/.test(timeout))
    return problem(
      'Argo CD looks for new commits by itself never (timeout.reconciliation is 0): a refresh that is lost is not made up for',
      'set timeout.reconciliation in the ConfigMap argocd-cm, 120s for instance, or a webhook of the Git server',
    )
  return ok(`Argo CD looks for new commits by itself every ${timeout}, and when it is asked after each push`)
}

interface Read {
  readonly found?: unknown
  readonly status: number | null
}

async function read(api: Pick<Api, 'json'>, path: string): Promise<Read> {
  try {
    return { found: await api.json({ path }), status: 200 }
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return { status: error.status }
    throw error
  }
}

function whyNot(what: string, { status }: Read, remedy: string): Finding {
  return status === 403 ? unknown(`${what}: this identity may not read it`) : problem(`${what} is not there`, remedy)
}
