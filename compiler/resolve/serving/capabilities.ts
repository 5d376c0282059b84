import type { EndpointPlan } from '../../../domain/plan.ts'

/*
 * What each backend can do, in each mode and version: data that the checks, the hints and the table in docs/serving.md are made of.
 *
 * KServe ignores canaryTrafficPercent in Standard mode, and has spec.canary there only from 0.20:
 *   https://github.com/kserve/kserve/issues/5335, https://github.com/kserve/kserve/pull/5672
 * KServe scales by KEDA in Standard mode from 0.15; in Knative mode it scales by requests, to zero too.
 * KubeRay replaces the whole cluster at once, and step by step from 1.5.1:
 *   https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/rayservice-incremental-upgrade.html
 */

/** What an endpoint may ask of its backend, and how a person says it. */
export const capabilities = {
  surge: 'replaces pods by `maxSurge` and `maxUnavailable`',
  canary: '`canary`: a share of the callers, moved by commits',
  blueGreen: '`blue-green`: both run, callers are moved by a commit',
  switches: '`blue-green` by itself, once the new one is ready',
  steps: '`canary` by itself, step by step',
  cpu: 'scales by `cpuUtilization`',
  latency: 'scales by `targetLatencyMs`, with KEDA',
  gpu: 'scales by `gpuUtilization`, with KEDA',
  requests: 'scales by requests between `min` and `max`, by itself',
  zero: '`replicas.min: 0`, woken by a request',
  gatewayAuth: '`auth` at an Envoy Gateway',
  proxyAuth: '`auth` by a proxy beside each server',
  program: '`command`, `args` and `probe`',
  grace: '`terminationGraceSeconds`',
} as const
export type Capability = keyof typeof capabilities

export interface Backend {
  readonly framework: EndpointPlan['framework']
  readonly mode: 'Standard' | 'Knative' | null
  /** The first version of it; null for all up to `below`. */
  readonly from: string | null
  /** The first version that it is not any more; null for all from `from`. */
  readonly below: string | null
  readonly can: readonly Capability[]
}

const standard = ['surge', 'cpu', 'gatewayAuth', 'program', 'grace'] as const satisfies readonly Capability[]

export const backends: readonly Backend[] = [
  {
    ...{ framework: 'fastapi', mode: null, from: null, below: null },
    can: [
      ...['surge', 'canary', 'blueGreen', 'cpu', 'latency', 'gpu'],
      ...['gatewayAuth', 'proxyAuth', 'program', 'grace'],
    ] as Capability[],
  },
  { framework: 'kserve', mode: 'Standard', from: null, below: '0.15.0', can: standard },
  { framework: 'kserve', mode: 'Standard', from: '0.15.0', below: '0.20.0', can: [...standard, 'latency', 'gpu'] },
  {
    ...{ framework: 'kserve', mode: 'Standard', from: '0.20.0', below: null },
    can: [...standard, 'latency', 'gpu', 'canary', 'blueGreen'],
  },
  {
    ...{ framework: 'kserve', mode: 'Knative', from: null, below: null },
    can: ['canary', 'blueGreen', 'requests', 'zero', 'program'],
  },
  {
    ...{ framework: 'ray_serve', mode: null, from: null, below: '1.5.1' },
    can: ['switches', 'requests', 'zero', 'gatewayAuth', 'grace'],
  },
  {
    ...{ framework: 'ray_serve', mode: null, from: '1.5.1', below: null },
    can: ['switches', 'steps', 'requests', 'zero', 'gatewayAuth', 'grace'],
  },
]

/** What there is of a backend in an environment; without a version where it needs none. */
export interface Installed {
  readonly framework: Backend['framework']
  readonly mode: Backend['mode']
  readonly version: string | null
}

/** The row of what is installed. */
export function backendOf({ framework, mode, version }: Installed): Backend {
  const found = backends.find(
    (one) =>
      one.framework === framework &&
      one.mode === mode &&
      (version === null ||
        ((one.from === null || compareVersions(version, one.from) >= 0) &&
          (one.below === null || compareVersions(version, one.below) < 0))),
  )
  if (!found)
    throw new Error(`the capabilities of ${framework} ${version ?? ''} in mode ${mode ?? 'none'} are not known`)
  return found
}

/** The backend as a person calls it, with the versions of the row. */
export function backendName({ framework, mode, from, below }: Backend): string {
  const versions = from === null ? (below === null ? '' : ` before ${short(below)}`) : ` from ${short(from)}`
  const until = from !== null && below !== null ? ` before ${short(below)}` : ''
  return `${framework}${versions}${until}${mode === null ? '' : ` in ${mode} mode`}`
}

/** The backends that can do something, for hints. */
export function whoCan(capability: Capability): string {
  const able = backends.filter(({ can }) => can.includes(capability))
  // What one version can, all later ones can: the first is named.
  const first = able.filter(
    (one, index) => able.findIndex(({ framework, mode }) => framework === one.framework && mode === one.mode) === index,
  )
  return first.map((one) => backendName({ ...one, below: null })).join(', ')
}

/** What is installed, as a person calls it. */
export function installedName({ framework, mode, version }: Installed): string {
  const title = { fastapi: 'fastapi', kserve: 'KServe', ray_serve: 'KubeRay' }[framework]
  return `${title}${version === null ? '' : ` ${version}`}${mode === null ? '' : ` in ${mode} mode`}`
}

/**
 * Whether a release of a plan begins as a candidate beside the one that serves, whose share of the callers commits move. RayServices move their
 * callers by themselves: there the new plan simply takes the place of the old one.
 */
export function hasCandidates({ framework, rollout, kserve, rayServe }: EndpointPlan): boolean {
  if (rollout.strategy === 'rolling') return false
  const mode = framework === 'kserve' ? (kserve?.mode ?? 'Standard') : null
  const { can } = backendOf({ framework, mode, version: kserve?.version ?? rayServe?.version ?? null })
  return can.includes(rollout.strategy === 'canary' ? 'canary' : 'blueGreen')
}

/** Zero, or with the sign of the first number that differs. @param left of three numbers with dots between them, like `right` */
export function compareVersions(left: string, right: string): number {
  const [ours, theirs] = [left.split('.').map(Number), right.split('.').map(Number)]
  for (const index of [0, 1, 2]) {
    const difference = (ours[index] ?? 0) - (theirs[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function short(version: string): string {
  return version.replace(/\.0$/, '')
}
