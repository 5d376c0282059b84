import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * Builds Helm from its Go module, into a cache folder outside the checkout, and prints its path: HELM="$(npx tsx tools/install-helm.ts)"
 * The tests of the charts find it by HELM or on the PATH. Go's checksum database vouches for the source; what was built before is kept.
 */

const version = 'v3.22.0'
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard', `helm-${version}`)
const program = join(cache, 'helm')

if (!existsSync(program)) build()
console.log(program)

function build(): void {
  if (!isOnPath('go')) {
    console.error(
      'Go 1.26 or newer is not installed. Install it from https://go.dev/dl/, or Helm itself from https://helm.sh/docs/intro/install/ and set HELM to its path.',
    )
    process.exit(3)
  }
  const building = `${cache}.${process.pid}`
  mkdirSync(building, { recursive: true })
  console.error(`building Helm ${version} (about two minutes the first time) …`)
  const built = spawnSync('go', ['install', '-trimpath', `helm.sh/helm/v3/cmd/helm@${version}`], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, GOBIN: building, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
  })
  if (built.status !== 0) {
    rmSync(building, { recursive: true, force: true })
    console.error(`Helm ${version} could not be built; the lines above say why.`)
    process.exit(3)
  }
  mkdirSync(cache, { recursive: true })
  renameSync(join(building, 'helm'), program)
  rmSync(building, { recursive: true, force: true })
}

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
