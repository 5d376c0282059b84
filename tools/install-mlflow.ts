import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * Installs MLflow into a virtual environment outside the checkout, and prints the path of its Python:
 *   MLFLOW_PYTHON="$(npx tsx tools/install-mlflow.ts)"
 * The tests that need a real tracking server find it by MLFLOW_PYTHON. What was installed before is kept; about 850 MB, one to two minutes.
 */

const version = '3.17.2'
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard')
const folder = join(cache, `mlflow-${version}`)
const python = join(folder, 'bin', 'python')
/** With what its server needs to ask for users and passwords. */
const requirement = `mlflow[auth]==${version}`
/** Written last, with what was asked for: a folder without it is what an interrupted installation left behind. */
const finished = join(folder, 'specyard-installed')

if (!existsSync(finished) || readFileSync(finished, 'utf8') !== requirement) install()
console.log(python)

function install(): void {
  const system = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'].find(canMakeEnvironments)
  if (system === undefined) {
    console.error(
      'Python 3.10 or newer with its venv module is not installed. On Debian or Ubuntu: apt-get install -y --no-install-recommends python3 python3-venv',
    )
    process.exit(3)
  }
  console.error(`installing MLflow ${version} (one to two minutes the first time) …`)
  // A virtual environment names its own folder in its scripts, so it is made where it stays.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(system, ['-m', 'venv', folder])
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', requirement])
  run(python, ['-c', 'import mlflow.server, flask_wtf'])
  writeFileSync(finished, requirement)
}

function canMakeEnvironments(program: string): boolean {
  const question = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)'
  return spawnSync(program, ['-c', question], { stdio: 'ignore' }).status === 0
}

function run(program: string, options: readonly string[]): void {
  const { status, error } = spawnSync(program, options, { stdio: ['ignore', 2, 2] })
  if (status === 0) return
  rmSync(folder, { recursive: true, force: true })
  console.error(`MLflow ${version} could not be installed; ${error ? error.message : 'the lines above say why'}.`)
  process.exit(3)
}
