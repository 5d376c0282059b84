import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from '../base/archive.ts'
import { run } from '../base/command.ts'
import type { Network } from '../base/network.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import type { NodePackages } from '../build/packages.ts'
import { pauseImage } from './images.ts'

/*
 * The container runtime of the real node. All it writes is under the bed's folder, mounts and network namespaces included, so that
 * taking it down is a matter of that folder.
 */

export function nodeFolder(bed: string): string {
  return join(bed, 'node')
}

export function runtimeSocket(bed: string): string {
  return join(nodeFolder(bed), 'containerd.sock')
}

export interface Runtime {
  /** Folder of containerd, its shim and ctr. */
  readonly bin: string
  readonly packages: NodePackages
  readonly network: Network
}

export async function startContainerd(bed: string, { bin, packages, network }: Runtime): Promise<void> {
  const node = nodeFolder(bed)
  for (const folder of ['cni', 'content']) mkdirSync(join(node, folder), { recursive: true })
  writeFileSync(join(node, 'cni', '10-testbed.conflist'), JSON.stringify(networkPlugins(node, network), null, 2))
  const config = join(node, 'containerd.toml')
  writeFileSync(config, configuration(node, packages))
  const record = startProgram(bed, {
    name: 'containerd',
    command: join(bin, 'containerd'),
    arguments: ['--config', config],
    // The shim is looked up here, and by it runc.
    environment: { PATH: [bin, join(packages.runc, '..'), process.env['PATH'] ?? ''].join(':') },
  })
  const answers = () => ctr(bed, bin, ['version']).then(() => true)
  await untilUp(record, () => answers().catch(() => false), { seconds: 30 })
}

/** containerd's own client, in the namespace that the kubelet's containers are in. */
export function ctr(bed: string, bin: string, words: readonly string[]): Promise<string> {
  return run(join(bin, 'ctr'), ['--address', runtimeSocket(bed), '--namespace', 'k8s.io', ...words])
}

export async function importImage(bed: string, bin: string, { pinned, archive }: Image): Promise<void> {
  // A file of its own: several tests may bring the same image at once.
  const path = join(nodeFolder(bed), 'content', `${pinned.replace(/[^a-z0-9.-]/g, '-')}-${randomUUID()}.tar`)
  writeFileSync(path, archive)
  try {
    await ctr(bed, bin, ['images', 'import', path])
  } finally {
    rmSync(path)
  }
}

/** @see https://github.com/containerd/containerd/blob/main/docs/cri/config.md */
function configuration(node: string, packages: NodePackages): string {
  return `version = 3
root = "${node}/root"
state = "${node}/state"
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
  address = "${node}/containerd.sock"

[ttrpc]
  address = "${node}/containerd.sock.ttrpc"

[plugins."io.containerd.internal.v1.opt"]
  path = "${node}/opt"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
  # Inside a container a score below its own may not be given.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${packages.networkPlugins}"]
    conf_dir = "${node}/cni"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "${packages.runc}"
      Root = "${node}/runc"
`
}

function networkPlugins(node: string, network: Network) {
  const addresses = {
    type: 'host-local',
    subnet: network.pods,
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: join(node, 'addresses'),
  }
  const bridge = { type: 'bridge', bridge: network.bridge, isGateway: true, ipMasq: false, ipam: addresses }
  return { cniVersion: '1.0.0', name: 'testbed', plugins: [bridge, { type: 'loopback' }] }
}
