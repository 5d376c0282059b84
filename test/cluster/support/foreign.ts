import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Observed } from '../../../reconciler/observed/document.ts'
import { observedArgocdRules, observedProjectRules } from '../../../reconciler/sources/kubernetes/survey/collections.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { type Cluster, realNodeOf } from './cluster.ts'
import { type Identity, makeIdentity, type Rule } from './identities.ts'

/*
 * Jobs as a team has them that never heard of Specyard, and the command that looks at them.
 */

export interface ForeignWishes {
  readonly name: string
  readonly script: string
  readonly image?: string
  /** Lines of the Job's own spec, e.g. `ttlSecondsAfterFinished: 5`. */
  readonly spec?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Lines of its container's resources. */
  readonly limits?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
  /** Value of the node label that it asks for; the real node unless told. */
  readonly node?: string
}

/** A file of a stranger's deploy repository. */
export function foreignJobText(cluster: Cluster, wishes: ForeignWishes): string {
  const {
    name,
    script,
    spec = ['backoffLimit: 0'],
    labels = {},
    annotations = {},
    limits = {},
    variables = {},
  } = wishes
  const image = wishes.image ?? realNodeOf(cluster).images.busybox
  const block = (indent: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => `${indent}${key}: ${JSON.stringify(value)}`)
  return [
    'apiVersion: batch/v1',
    'kind: Job',
    'metadata:',
    `  name: ${name}`,
    ...(Object.keys(labels).length > 0 ? ['  labels:', ...block('    ', labels)] : []),
    ...(Object.keys(annotations).length > 0 ? ['  annotations:', ...block('    ', annotations)] : []),
    'spec:',
    ...spec.map((line) => `  ${line}`),
    '  template:',
    '    spec:',
    '      restartPolicy: Never',
    '      terminationGracePeriodSeconds: 1',
    `      nodeSelector: { specyard.dev/node: ${wishes.node ?? 'real'} }`,
    '      containers:',
    '        - name: main',
    `          image: ${image}`,
    `          command: ["sh", "-c", ${JSON.stringify(script)}]`,
    ...(Object.keys(limits).length > 0
      ? ['          resources:', '            limits:', ...block('              ', limits)]
      : []),
    ...(Object.keys(variables).length > 0
      ? [
          '          env:',
          ...Object.entries(variables).map(
            ([key, value]) => `            - { name: ${key}, value: ${JSON.stringify(value)} }`,
          ),
        ]
      : []),
    '',
  ].join('\n')
}

/** Rules of an observer, where they are others than those of docs/observe.md. */
export interface ObserverRules {
  readonly name?: string
  readonly project?: readonly Rule[]
  readonly argocd?: readonly Rule[]
}

/** An identity with exactly the Role of docs/observe.md: in namespaces with Jobs, and where Argo CD is. */
export async function makeObserver(
  cluster: Cluster,
  namespaces: readonly string[],
  { name: account = 'observer', project = observedProjectRules, argocd = observedArgocdRules }: ObserverRules = {},
): Promise<Identity> {
  const [home = '', ...others] = namespaces
  const identity = await makeIdentity(cluster, home, account, project)
  const group = 'rbac.authorization.k8s.io'
  for (const namespace of [...others, argocdNamespace]) {
    const name = `${account}-of-${home}`
    const metadata = { name, namespace }
    const rules = namespace === argocdNamespace ? argocd : project
    await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules })
    await cluster.kubernetes.apply({
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: home }],
    })
  }
  return identity
}

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What a command that goes on has said so far. */
export interface Watching {
  readonly stdout: () => string
  readonly stderr: () => string
  /** Interrupts it as Ctrl-C does. @returns its exit code */
  stop(): Promise<number | null>
}

/** Begins `specyard observe --watch` from its sources, as this identity. */
export function watch(kubeconfig: string, ...words: readonly string[]): Watching {
  const child = spawn(process.execPath, argumentsOf(kubeconfig, ['--watch', ...words]), {
    cwd: root,
    env: environment(),
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString('utf8')))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    stop: () => {
      child.kill('SIGINT')
      return ended
    },
  }
}

const root = join(import.meta.dirname, '..', '..', '..')

/** Runs `specyard observe` from its sources, as this identity. */
export function observe(kubeconfig: string, ...words: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      argumentsOf(kubeconfig, words),
      { cwd: root, env: environment(), maxBuffer: 64 * 1024 * 1024, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
}

function argumentsOf(kubeconfig: string, words: readonly string[]): readonly string[] {
  return ['--import', 'tsx', join(root, 'cli', 'main.ts'), 'observe', '--kubeconfig', kubeconfig, ...words]
}

/** No home, so that nothing of this machine's user helps. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', TMPDIR: process.env['TMPDIR'] }
}

/** @throws Error with what it said where it printed no JSON */
export async function observed(kubeconfig: string, ...words: readonly string[]): Promise<Observed> {
  const said = await observe(kubeconfig, '--output', 'json', ...words)
  try {
    return JSON.parse(said.stdout) as Observed
  } catch (cause) {
    throw new Error(`observe ended with ${said.code}: ${said.stderr}${said.stdout}`, { cause })
  }
}
