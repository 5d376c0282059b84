import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNetwork, type Network } from './base/network.ts'
import { findProgram } from './base/command.ts'
import { bedVariable, identify } from './base/process-table.ts'
import { whyNoRealNode } from './base/rights.ts'
import { runTypescript } from './base/typescript.ts'
import { type Bed, findBeds, makeBedFolder, type RealNode, thisProcess, writeBed, writeKeepers } from './bed.ts'
import { type NodePackages, nodePackages } from './build/packages.ts'
import { recipes, servingRecipes } from './build/recipes.ts'
import { builtTools, duration, type Say } from './build/tools.ts'
import { startArgocd } from './parts/argocd.ts'
import { importImage, startContainerd } from './parts/containerd.ts'
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts'
import { context, kubeconfigOf } from './parts/credentials.ts'
import { makeBusybox, makePause, makeTrainer } from './parts/images.ts'
import { realNode, startKubelet } from './parts/kubelet.ts'
import { startKueue } from './parts/kueue.ts'
import { startKwok } from './parts/kwok.ts'
import { startNames } from './parts/names.ts'
import { startGitServer } from './parts/servers.ts'
import { tearDown } from './teardown.ts'

/*
 * A real cluster on this machine, from nothing: build what is not in the cache, start it part by part, and take it away again.
 */

export const optionalParts = ['node', 'kwok', 'argocd', 'kueue'] as const
export type Part = (typeof optionalParts)[number]

export interface BedOptions {
  readonly say: Say
  /** Beside the control plane and the Git server; default all. */
  readonly parts?: readonly Part[]
  /** It stays when this process ends, until `tearDown`; default false. */
  readonly isKept?: boolean
  /** What the audit log has of pods, Jobs and Applications: `bodies`, the default, by which tests tell what ran, or `requests`, which costs less. */
  readonly audit?: 'bodies' | 'requests'
}

export interface StartedBed {
  readonly bed: Bed
  /** Takes it away; when it returns nothing is left. */
  stop(): Promise<void>
}

/** @throws Error when a part does not come up; nothing is left of the others then */
export async function startBed(options: BedOptions): Promise<StartedBed> {
  const { say, parts = optionalParts, isKept = false, audit = 'bodies' } = options
  await sweep(say)
  const tools = await prepare(parts, say)
  const folder = makeBedFolder()
  writeKeepers(folder, { owner: isKept ? null : thisProcess(), guard: null })
  const stop = isKept ? () => tearDown(folder) : startGuard(folder)
  try {
    const start = performance.now()
    const bed = await startParts(folder, parts, tools, say, audit)
    writeBed(bed)
    say(`the cluster is up after ${duration(performance.now() - start)}`)
    return { bed, stop }
  } catch (error) {
    // Its logs go with the folder: the error holds the last lines of the program that failed.
    await stop()
    throw error
  }
}

/** Takes away beds whose owner and guard were both killed. */
async function sweep(say: Say): Promise<void> {
  for (const { folder, state } of findBeds()) {
    if (state !== 'abandoned') continue
    say(`takes away what is left of an earlier bed: ${folder}`)
    await tearDown(folder)
  }
}

interface Tools {
  readonly core: string
  readonly containerd: string | null
  readonly coredns: string | null
  readonly kueue: string | null
  readonly packages: NodePackages | null
}

async function prepare(parts: readonly Part[], say: Say): Promise<Tools> {
  const hasNode = parts.includes('node') && canRunPods(say)
  demandPrograms(parts, hasNode)
  return {
    core: await builtTools(recipes.core, say),
    containerd: hasNode ? await builtTools(recipes.containerd, say) : null,
    coredns: hasNode ? await builtTools(recipes.coredns, say) : null,
    packages: hasNode ? await nodePackages(say) : null,
    kueue: parts.includes('kueue') ? await builtTools(recipes.kueue, say) : null,
  }
}

/** Builds the programs of a bed and of the tests on it, as far as the cache lacks them, and starts nothing. */
export async function buildPrograms(say: Say): Promise<void> {
  const { core, kueue, containerd, coredns } = recipes
  const ofNode = canRunPods(say) ? [containerd, coredns] : []
  for (const recipe of [core, ...ofNode, kueue, ...Object.values(servingRecipes)]) await builtTools(recipe, say)
}

function canRunPods(say: Say): boolean {
  const why = whyNoRealNode()
  if (why === undefined) return true
  say(
    `${why}: the real node is left out (kubelet, containerd, CoreDNS, the bridge), and with it every test that runs a container; kwok plays nodes`,
  )
  return false
}

async function startParts(
  folder: string,
  parts: readonly Part[],
  tools: Tools,
  say: Say,
  audit: 'bodies' | 'requests',
): Promise<Bed> {
  const network = tools.containerd === null ? undefined : await createNetwork(folder)
  say(`starts the control plane in ${folder}`)
  const bin = join(tools.core, 'bin')
  const plane = await startControlPlane(folder, { bin, network, audit })
  const { kubernetes } = plane
  say(`starts ${['the Git server', ...parts.filter((part) => part !== 'node' || network !== undefined)].join(', ')}`)
  const [git, node] = await Promise.all([
    startGitServer(folder, network),
    network === undefined ? null : startNode(folder, network, plane, tools),
    parts.includes('kwok') ? startKwok(folder, tools.core) : null,
    parts.includes('argocd') ? startArgocd(folder, tools.core, kubernetes) : null,
    tools.kueue === null ? null : startKueue(folder, tools.kueue, kubernetes),
  ])
  const kubeconfig = kubeconfigOf(folder, 'admin')
  return {
    folder,
    kubeconfig,
    context,
    apiServer: plane.apiServer,
    token: tokenIn(kubeconfig),
    etcd: plane.etcd,
    auditLog: plane.auditLog,
    git,
    programs: { kubectl: join(bin, 'kubectl'), helm: join(bin, 'helm'), kubeconform: join(bin, 'kubeconform') },
    node,
    runtime: tools.containerd === null ? null : join(tools.containerd, 'bin'),
  }
}

async function startNode(folder: string, network: Network, plane: ControlPlane, tools: Tools): Promise<RealNode> {
  const { coredns } = tools
  if (tools.containerd === null || tools.packages === null || coredns === null)
    throw new Error('the real node was not prepared')
  const bin = join(tools.containerd, 'bin')
  const { busybox } = tools.packages
  await startContainerd(folder, { bin, packages: tools.packages, network })
  const trainer = await makeTrainer(busybox)
  const shell = makeBusybox(busybox)
  for (const image of [makePause(busybox), shell, trainer]) await importImage(folder, bin, image)
  const { kubernetes, kubeletClient: client } = plane
  await Promise.all([
    startKubelet(folder, { bin: join(tools.core, 'bin'), network, client, kubernetes }),
    startNames(folder, join(coredns, 'bin'), network),
  ])
  return { name: realNode, network, busybox, images: { trainer: trainer.pinned, busybox: shell.pinned } }
}

/** A process of its own that outlives this one by as long as it takes to clear up. */
function startGuard(folder: string): () => Promise<void> {
  const path = join(import.meta.dirname, 'guard.ts')
  const guard = spawn(process.execPath, runTypescript(path, [folder]), {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    // Where this process is of another bed, the guard is not: it has to outlive the end of that one.
    env: { ...process.env, [bedVariable]: undefined },
  })
  const identity = guard.pid === undefined ? undefined : identify(guard.pid)
  writeKeepers(folder, { owner: thisProcess(), guard: identity ?? null })
  const ended = new Promise<number | null>((resolve) => guard.once('exit', resolve))
  guard.unref()
  return async () => {
    guard.ref()
    guard.stdin.end()
    const code = await ended
    if (code !== 0) throw new Error(`the test bed in ${folder} could not be taken down: its guard ended with ${code}`)
  }
}

function tokenIn(kubeconfig: string): string {
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { users: { user: { token: string } }[] }
  return users[0]?.user.token ?? ''
}

/** @throws Error that names what this machine lacks that is not built, and how to install it */
function demandPrograms(parts: readonly Part[], hasNode: boolean): void {
  const wanted = [
    'go',
    'git',
    'openssl',
    ...(parts.includes('argocd') ? ['redis-server'] : []),
    ...(hasNode ? ['ip'] : []),
  ]
  const missing = wanted.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return
  throw new Error(
    `the test bed needs ${missing.join(', ')}, and there is no such program here. ` +
      'On Debian and Ubuntu: apt-get install git openssl redis-server iproute2; Go 1.26.6 or newer from https://go.dev/dl/',
  )
}
