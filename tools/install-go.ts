import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * Builds a tool that tests need from its Go module, into a cache folder outside the checkout, and prints its path:
 *   HELM="$(npx tsx tools/install-go.ts helm)"
 * Tests find it by that variable or on the PATH. Go's checksum database vouches for the source; what was built before is kept.
 */

interface Tool {
  /** For people. */
  readonly title: string
  readonly version: string
  /** The package that is the program, without its version. */
  readonly package: string
  /** Where else it is to be had. */
  readonly elsewhere: string
}

const tools: Readonly<Record<string, Tool>> = {
  helm: {
    ...{ title: 'Helm', version: 'v3.22.0', package: 'helm.sh/helm/v3/cmd/helm' },
    elsewhere: 'Helm itself from https://helm.sh/docs/intro/install/ and set HELM to its path',
  },
  actionlint: {
    ...{ title: 'actionlint', version: 'v1.7.12', package: 'github.com/rhysd/actionlint/cmd/actionlint' },
    elsewhere: 'actionlint itself from https://github.com/rhysd/actionlint and set ACTIONLINT to its path',
  },
}

const name = process.argv[2] ?? ''
const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
if (tool) console.log(installed(name, tool))
else {
  console.error(`"${name}" is none of the tools that this builds: ${Object.keys(tools).join(', ')}`)
  process.exit(2)
}

function installed(named: string, wanted: Tool): string {
  const { title, version } = wanted
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard', `${named}-${version}`)
  const program = join(cache, named)
  if (existsSync(program)) return program
  if (!isOnPath('go')) {
    console.error(`Go 1.26 or newer is not installed. Install it from https://go.dev/dl/, or ${wanted.elsewhere}.`)
    process.exit(3)
  }
  const building = `${cache}.${process.pid}`
  mkdirSync(building, { recursive: true })
  console.error(`building ${title} ${version} (up to two minutes the first time) …`)
  const built = spawnSync('go', ['install', '-trimpath', `${wanted.package}@${version}`], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, GOBIN: building, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
  })
  if (built.status !== 0) {
    rmSync(building, { recursive: true, force: true })
    console.error(`${title} ${version} could not be built; the lines above say why.`)
    process.exit(3)
  }
  mkdirSync(cache, { recursive: true })
  renameSync(join(building, named), program)
  rmSync(building, { recursive: true, force: true })
  return program
}

function isOnPath(wanted: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, wanted), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
