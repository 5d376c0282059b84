import type { CompileResult } from '../../compiler/compile-types.ts'
import { parseYaml } from '../../compiler/load/document.ts'
import { renderRootApplication } from '../../compiler/render/application.ts'
import { Fault } from '../../domain/fault.ts'
import type { EnvironmentLedger } from '../../domain/ledger.ts'
import type { Destination } from '../../reconciler/sources/kubernetes/ground/app-project.ts'
import { type Finding, problem } from '../../reconciler/sources/kubernetes/ground/finding.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { Settings } from '../house/settings.ts'
import { argocdNamespace, kubeconfigOf } from '../service/clusters.ts'
import type { World } from '../world.ts'
import { deployFindings } from './bootstrap-rights.ts'

/** What the Applications over Jobs, over endpoints and over other Applications bring. */
const kinds = {
  jobs: [
    { group: 'batch', kind: 'Job' },
    { group: '', kind: 'Service' },
  ],
  endpoints: [
    { group: 'apps', kind: 'Deployment' },
    { group: '', kind: 'Service' },
  ],
  applications: [{ group: 'argoproj.io', kind: 'Application' }],
} as const

/**
 * Looks at what Specyard depends on and others provide, and says of each whether it is as it should be. Changes nothing.
 * @param user whose rights in the cluster are asked for; undefined for those of who asks
 */
export async function checkBootstrap(
  world: World,
  settings: Settings,
  result: CompileResult,
  options: { readonly environments: readonly string[]; readonly user: string | undefined },
): Promise<ExitCode> {
  const groups = [
    {
      title: `deploy repository ${settings.deployUrl}`,
      findings: await deployFindings(world, settings, result, options.environments),
    },
  ]
  for (const entry of result.environments.filter((one) => options.environments.includes(one.environment))) {
    const title = `environment ${entry.environment}${entry.context === null ? '' : `, context ${entry.context}`}`
    groups.push({ title, findings: [...(await clusterFindings(world, settings, result, entry, options.user))] })
  }
  for (const { title, findings } of groups) {
    world.stdout.write(`${title}\n`)
    for (const { outcome, message, remedy } of findings)
      world.stdout.write(
        `  ${outcome.padEnd(7)}  ${message}\n${remedy === undefined ? '' : `           → ${remedy}\n`}`,
      )
  }
  const problems = groups.flatMap(({ findings }) => findings).filter(({ outcome }) => outcome === 'problem').length
  world.stdout.write(
    problems === 0 ? 'no problem was found\n' : `${problems} ${problems === 1 ? 'problem' : 'problems'}\n`,
  )
  return problems === 0 ? exitCodes.fine : exitCodes.problems
}

async function clusterFindings(
  { environment }: World,
  settings: Settings,
  result: CompileResult,
  entry: EnvironmentLedger,
  user: string | undefined,
): Promise<readonly Finding[]> {
  const connection = kubeconfigOf(environment)
  if (!connection)
    return [
      problem(
        'no cluster is named',
        'set KUBECONFIG, or run this in the cluster: kubectl exec deployment/specyard-reconciler',
      ),
    ]
  const { checkGround } = await import('../../reconciler/sources/kubernetes/ground/check.ts')
  const { kubeconfig } = connection
  const images = result.impact.starts.flatMap(({ environment: of, lease }) =>
    of === entry.environment ? [lease.image] : [],
  )
  try {
    return await checkGround({
      kubeconfig,
      context: kubeconfig === null ? null : entry.context,
      namespaces: [...new Set(Object.values(entry.namespaces))].sort(),
      argocd: {
        namespace: argocdNamespace,
        repository: settings.deployUrl,
        destinations: destinationsOf(settings, result, entry.environment),
      },
      images: [...new Set(images)].sort(),
      user: user ?? null,
    })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [problem(error.message, error.hint ?? 'check the cluster and the kubeconfig')]
  }
}

/** Where the Applications of an environment bring what, as they are rendered. */
function destinationsOf(settings: Settings, result: CompileResult, environment: string): readonly Destination[] {
  const deploy = { url: settings.deployUrl, branch: settings.deployBranch, branches: result.branches }
  const rendered = [...result.change].filter(
    ([path, text]) => text !== null && path.startsWith(`applications/${environment}/`) && path.endsWith('.yaml'),
  )
  const all: readonly (readonly [string, string | null])[] = [
    [`applications/${environment}`, renderRootApplication(environment, deploy)],
    ...rendered,
  ]
  const found = all.map(([path, text]): Destination => {
    const { spec } = parseYaml(text ?? '', path).value as { spec: { destination: Omit<Destination, 'kinds'> } }
    const brings = path.endsWith('/jobs.yaml')
      ? kinds.jobs
      : path.endsWith('.yaml')
        ? kinds.endpoints
        : kinds.applications
    return { ...spec.destination, kinds: [...brings] }
  })
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}
