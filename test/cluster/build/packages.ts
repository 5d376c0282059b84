import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, run } from '../base/command.ts'
import { cached, keyOf } from './cache.ts'
import type { Say } from './tools.ts'

/*
 * What the real node takes from the distribution: runc (with seccomp compiled in, which needs C), the network plugins and a static busybox.
 * What is installed is used. On Debian and Ubuntu the rest is downloaded as packages and unpacked into the cache: nothing gets installed.
 */

export interface NodePackages {
  /** Absolute paths. */
  readonly runc: string
  /** Statically linked: it is put into images alone. */
  readonly busybox: string
  /** Folder of the network plugins `bridge`, `host-local` and `loopback`. */
  readonly networkPlugins: string
}

const debian = { runc: 'runc', busybox: 'busybox-static', networkPlugins: 'containernetworking-plugins' }
const pluginFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']

/** @throws Error that names what is missing and how to install it */
export async function nodePackages(say: Say): Promise<NodePackages> {
  const found = {
    runc: findProgram('runc'),
    busybox: await staticBusybox(),
    networkPlugins: pluginFolders.find((folder) => existsSync(join(folder, 'bridge'))),
  }
  const missing = (Object.keys(debian) as (keyof typeof debian)[]).filter((part) => found[part] === undefined)
  const unpacked =
    missing.length > 0
      ? await unpack(
          missing.map((part) => debian[part]),
          say,
        )
      : ''
  return {
    runc: found.runc ?? firstOf(unpacked, ['usr/sbin/runc', 'usr/bin/runc']),
    busybox: found.busybox ?? firstOf(unpacked, ['bin/busybox', 'usr/bin/busybox']),
    networkPlugins: found.networkPlugins ?? firstOf(unpacked, ['usr/lib/cni', 'opt/cni/bin']),
  }
}

async function unpack(packages: readonly string[], say: Say): Promise<string> {
  const remedy = `install ${packages.join(', ')} with this machine's package manager`
  if (findProgram('apt-get') === undefined) throw new Error(`the real node needs programs that are not here: ${remedy}`)
  const release = existsSync('/etc/os-release') ? await run('cat', ['/etc/os-release']) : ''
  return cached('packages', keyOf(release, ...packages), async (folder) => {
    say(`downloads ${packages.join(', ')} and unpacks them into the cache`)
    const downloads = join(folder, '.downloads')
    mkdirSync(downloads)
    const download = () => run('apt-get', ['download', '-qq', ...packages], { folder: downloads })
    try {
      // A fresh machine has no lists yet; only root may fetch them.
      await download().catch(() => run('apt-get', ['update', '-qq']).then(download))
    } catch (error) {
      throw new Error(`${packages.join(', ')} could not be downloaded: ${remedy}`, { cause: error })
    }
    for (const name of readdirSync(downloads)) await run('dpkg-deb', ['-x', join(downloads, name), folder])
    rmSync(downloads, { recursive: true })
  })
}

async function staticBusybox(): Promise<string | undefined> {
  const busybox = findProgram('busybox')
  if (busybox === undefined) return undefined
  // ldd fails on a program without an interpreter.
  const isDynamic = await run('ldd', [busybox]).then(
    () => true,
    () => false,
  )
  return isDynamic ? undefined : busybox
}

function firstOf(folder: string, paths: readonly string[]): string {
  const found = paths.map((path) => join(folder, path)).find((path) => existsSync(path))
  if (found === undefined)
    throw new Error(`none of ${paths.join(', ')} is in ${folder}: remove that folder and run again`)
  return found
}
