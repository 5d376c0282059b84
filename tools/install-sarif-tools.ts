import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * Installs readers of reports that others wrote, Microsoft's sarif-tools and junitparser, into a virtual environment outside the checkout,
 * and prints the path of its Python:
 *   SARIF_TOOLS_PYTHON="$(npx tsx tools/install-sarif-tools.ts)"
 * The tests of `specyard check --output sarif|junit` find it by SARIF_TOOLS_PYTHON. What was installed before is kept; about 250 MB, half
 * a minute.
 */

const version = '3.0.5'
const requirements = [`sarif-tools==${version}`, 'junitparser==5.0.3']
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard')
const folder = join(cache, `sarif-tools-${version}`)
const python = join(folder, 'bin', 'python')
/** Written last, with what was asked for: a folder without it is what an interrupted installation left behind. */
const finished = join(folder, 'specyard-installed')
const asked = requirements.join('\n')

if (!existsSync(finished) || readFileSync(finished, 'utf8') !== asked) install()
console.log(python)

function install(): void {
  const system = ['python3.13', 'python3.12', 'python3.11', 'python3'].find(canMakeEnvironments)
  if (system === undefined) {
    console.error(
      'Python 3.11 or newer with its venv module is not installed. On Debian or Ubuntu: apt-get install -y --no-install-recommends python3 python3-venv',
    )
    process.exit(3)
  }
  console.error(`installing sarif-tools ${version} (half a minute the first time) …`)
  // A virtual environment names its own folder in its scripts, so it is made where it stays.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(system, ['-m', 'venv', folder])
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:']
  run(python, ['-m', 'pip', 'install', ...quiet, ...requirements])
  run(python, ['-c', 'import sarif.cmdline.main, junitparser'])
  writeFileSync(finished, asked)
}

function canMakeEnvironments(program: string): boolean {
  const question = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 11) else 1)'
  return spawnSync(program, ['-c', question], { stdio: 'ignore' }).status === 0
}

function run(program: string, options: readonly string[]): void {
  const { status, error } = spawnSync(program, options, { stdio: ['ignore', 2, 2] })
  if (status === 0) return
  rmSync(folder, { recursive: true, force: true })
  console.error(`sarif-tools ${version} could not be installed; ${error ? error.message : 'the lines above say why'}.`)
  process.exit(3)
}
