import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { userCacheFolder } from './user-cache-folder.ts'

/*
 * Installs another version of Node than the one that is here, for tests that see that the product runs on it, outside the checkout, and prints its
 * path: NODE_24="$(npx tsx tools/install-node.ts 24)"
 * Tests find it by that variable. The binaries are those of packages on npm, one for each system.
 */

/** The release lines that are tried beside the oldest that is supported, each with the version. */
const versions: Readonly<Record<string, string>> = { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' }

const line = process.argv[2] ?? ''
const version = Object.hasOwn(versions, line) ? versions[line] : undefined
if (version) console.log(installed(version))
else {
  console.error(`"${line}" is none of the lines of Node that this installs: ${Object.keys(versions).join(', ')}`)
  process.exit(2)
}

function installed(wanted: string): string {
  const packageName = `node-${process.platform}-${process.arch}`
  const folder = join(userCacheFolder(), `node-${wanted}`)
  const node = (inside: string): string => join(inside, 'node_modules', packageName, 'bin', 'node')
  if (existsSync(node(folder))) return node(folder)
  console.error(`installing Node ${wanted} (some seconds and about 200 MB, the first time) …`)
  const making = `${folder}.${process.pid}`
  mkdirSync(making, { recursive: true })
  writeFileSync(join(making, 'package.json'), JSON.stringify({ private: true }))
  const words = ['install', '--prefix', making, '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  const { status } = spawnSync('npm', [...words, `${packageName}@${wanted}`], { stdio: ['ignore', 2, 2] })
  const works = status === 0 && spawnSync(node(making), ['--version'], { encoding: 'utf8' }).stdout === `v${wanted}\n`
  if (!works) {
    rmSync(making, { recursive: true, force: true })
    console.error(`Node ${wanted} could not be installed as ${packageName} from npm; the lines above say why.`)
    process.exit(3)
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(making, folder)
  return node(folder)
}
