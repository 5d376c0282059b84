import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments, stringify } from 'yaml'

/*
 * The chart that installs Specyard, rendered by the real Helm, for its tests.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
export const installChart = join(root, 'charts', 'specyard')
export const installGolden = join(root, 'test', 'charts', 'golden', 'specyard')

const helm = process.env['HELM'] || 'helm'
export const releaseNamespace = 'specyard-system'

export interface HelmAnswer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An object of the rendered chart, with the fields that tests look at. */
export interface Rendered {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly AccessRule[]
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[]
  readonly spec?: Readonly<Record<string, unknown>>
}

export interface AccessRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

/** @throws Error with how to get one, where there is no Helm */
export function demandHelm(): void {
  if (!spawnSync(helm, ['version']).error) return
  throw new Error(
    `there is no ${helm}: build one with HELM="$(npx tsx tools/install-go.ts helm)", or install Helm 3 and put it on the PATH`,
  )
}

/** The values of a golden case. */
export function goldenInstallValues(name: string): string {
  return readFileSync(join(installGolden, name, 'values.yaml'), 'utf8')
}

export function goldenInstallNames(): readonly string[] {
  return readdirSync(installGolden).sort()
}

/** The values of a golden case with some of them changed: mappings are merged, everything else is replaced. */
export function changedValues(name: string, changes: Readonly<Record<string, unknown>>): string {
  return stringify(merge(parse(goldenInstallValues(name)), changes))
}

function merge(base: unknown, changes: unknown): unknown {
  if (!isMapping(base) || !isMapping(changes)) return changes
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(changes)) merged[key] = merge(merged[key], value)
  return merged
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Runs Helm over the chart with these values; `release` is the release's name. */
export function runHelm(
  verb: 'lint' | 'template',
  values: string,
  { kubeVersion = '1.34.0', release = 'specyard' } = {},
): HelmAnswer {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-install-'))
  try {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, values)
    const words = verb === 'lint' ? ['lint', '--strict', installChart] : ['template', release, installChart]
    const { status, stdout, stderr } = spawnSync(
      helm,
      [...words, '-f', file, '--namespace', releaseNamespace, '--kube-version', kubeVersion],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder } },
    )
    return { status, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The objects of the chart with these values. @throws Error with Helm's own words when it refuses them */
export function renderInstall(values: string, options: { kubeVersion?: string; release?: string } = {}) {
  const { status, stdout, stderr } = runHelm('template', values, options)
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object): object is Rendered => object !== null)
}

/** The pod that an object makes, if it makes any. */
export function podOf({ kind, spec }: Rendered): RenderedPod | undefined {
  const job = kind === 'CronJob' ? (spec?.['jobTemplate'] as { spec: unknown }).spec : spec
  return (job as { template?: RenderedPod } | undefined)?.template
}

export interface RenderedPod {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly serviceAccountName?: string
    readonly automountServiceAccountToken: boolean
    readonly enableServiceLinks: boolean
    readonly securityContext: Readonly<Record<string, unknown>>
    readonly initContainers?: readonly RenderedContainer[]
    readonly containers: readonly RenderedContainer[]
    readonly volumes: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[]
  }
}

export interface RenderedContainer {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}
