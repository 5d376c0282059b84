import { spawnSync } from 'node:child_process'
import { accessSync, constants, cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { goEffort } from './go-effort.ts'
import { userCacheFolder } from './user-cache-folder.ts'

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
  /** How long it takes the first time. */
  readonly effort: string
  /** Of a module that replaces others, that has files which the program needs, or that shares most of what is compiled with other programs. */
  readonly pinned?: {
    /** With its go.mod and go.sum, from the root of the repository. */
    readonly folder: string
    /** Module that the package is of. */
    readonly module: string
    /** Folders of the module that the program reads, which go to share/ beside it. */
    readonly share: readonly string[]
  }
}

const tools: Readonly<Record<string, Tool>> = {
  helm: {
    ...{ title: 'Helm', version: 'v3.22.0', package: 'helm.sh/helm/v3/cmd/helm' },
    effort: 'up to three minutes',
    // As the test bed has it: what both need of Kubernetes is compiled once.
    pinned: { folder: 'test/cluster/tools/core', module: 'helm.sh/helm/v3', share: [] },
    elsewhere: 'Helm itself from https://helm.sh/docs/intro/install/ and set HELM to its path',
  },
  actionlint: {
    ...{ title: 'actionlint', version: 'v1.7.12', package: 'github.com/rhysd/actionlint/cmd/actionlint' },
    effort: 'up to two minutes',
    elsewhere: 'actionlint itself from https://github.com/rhysd/actionlint and set ACTIONLINT to its path',
  },
  gitea: {
    // Without SQLite, which needs a C compiler: its database is the PostgreSQL of the tests.
    ...{ title: 'Gitea', version: 'v1.26.0', package: 'code.gitea.io/gitea' },
    effort: 'three to six minutes on two cores, and 2.4 GB of modules and cache',
    elsewhere: 'Gitea itself from https://docs.gitea.com/installation and set GITEA to its path',
    pinned: { folder: 'tools/go/gitea', module: 'code.gitea.io/gitea', share: ['options', 'templates', 'public'] },
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
  const cache = join(userCacheFolder(), `${named}-${version}`)
  const program = join(cache, named)
  if (existsSync(program)) return program
  if (!isOnPath('go')) {
    console.error(`Go 1.26 or newer is not installed. Install it from https://go.dev/dl/, or ${wanted.elsewhere}.`)
    process.exit(3)
  }
  const building = `${cache}.${process.pid}`
  mkdirSync(building, { recursive: true })
  console.error(`building ${title} ${version} (${wanted.effort}, the first time) …`)
  if (!build(named, wanted, building)) {
    rmSync(building, { recursive: true, force: true })
    console.error(`${title} ${version} could not be built; the lines above say why.`)
    process.exit(3)
  }
  mkdirSync(cache, { recursive: true })
  // The program last: with it the rest counts as there.
  for (const part of ['share', named]) {
    rmSync(join(cache, part), { recursive: true, force: true })
    if (existsSync(join(building, part))) renameSync(join(building, part), join(cache, part))
  }
  rmSync(building, { recursive: true, force: true })
  return program
}

/** Fills a folder; what goes wrong Go says itself. */
function build(named: string, wanted: Tool, folder: string): boolean {
  const common = { ...process.env, ...goEffort(), CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' }
  const go = (words: readonly string[], cwd: string, variables: Readonly<Record<string, string>> = {}) =>
    spawnSync('go', words, { cwd, stdio: ['ignore', 2, 2], env: { ...common, ...variables } }).status === 0
  if (!wanted.pinned) {
    const variables = { GOBIN: folder, GOFLAGS: '-mod=mod' }
    const flags = ['-trimpath', '-ldflags=-s -w']
    return go(['install', ...flags, `${wanted.package}@${wanted.version}`], process.cwd(), variables)
  }
  const pins = join(import.meta.dirname, '..', wanted.pinned.folder)
  const flags = ['-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', join(folder, named)]
  if (!go(['build', ...flags, wanted.package], pins)) return false
  const { module, share } = wanted.pinned
  if (share.length === 0) return true
  const listed = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    ...{ cwd: pins, env: common, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] },
  })
  for (const part of share) cpSync(join(listed.stdout.trim(), part), join(folder, 'share', part), { recursive: true })
  // Modules are read-only; a cache is removed like any folder.
  return listed.status === 0 && spawnSync('chmod', ['-R', 'u+w', join(folder, 'share')]).status === 0
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
