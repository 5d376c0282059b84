import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/*
 * Installs Hugging Face's `transformers`, without a framework to train with, into a virtual environment outside the checkout, and prints the
 * path of its Python: TRANSFORMERS_PYTHON="$(npx tsx tools/install-transformers.ts)"
 * The test of unmodified trainers finds it by TRANSFORMERS_PYTHON. What was installed before is kept; about 300 MB, half a minute.
 */

const version = '5.23.0'
const requirements = [
  `transformers==${version}`,
  'huggingface-hub==2.4.0',
  'numpy==2.4.6',
  'packaging==26.3',
  'pyyaml==6.0.3',
  'regex==2026.11.15',
  'safetensors==0.8.0',
  'tokenizers==0.23.3',
  'tqdm==4.70.1',
  'typer==0.29.2',
]
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard')
const folder = join(cache, `transformers-${version}`)
const python = join(folder, 'bin', 'python')
/** Written last: a folder without it is what an interrupted installation left behind. */
const finished = join(folder, 'specyard-installed')

if (!existsSync(finished)) install()
console.log(python)

function install(): void {
  const system = ['python3.13', 'python3.12', 'python3.11', 'python3'].find(canMakeEnvironments)
  if (system === undefined) {
    console.error(
      'Python 3.11 or newer with its venv module is not installed. On Debian or Ubuntu: apt-get install -y --no-install-recommends python3 python3-venv',
    )
    process.exit(3)
  }
  console.error(`installing transformers ${version} (half a minute the first time) …`)
  // A virtual environment names its own folder in its scripts, so it is made where it stays.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(system, ['-m', 'venv', folder])
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:']
  run(python, ['-m', 'pip', 'install', ...quiet, ...requirements])
  run(python, ['-c', 'import transformers.integrations.integration_utils'])
  writeFileSync(finished, `${version}\n`)
}

function canMakeEnvironments(program: string): boolean {
  const question = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 11) else 1)'
  return spawnSync(program, ['-c', question], { stdio: 'ignore' }).status === 0
}

function run(program: string, options: readonly string[]): void {
  const { status, error } = spawnSync(program, options, { stdio: ['ignore', 2, 2] })
  if (status === 0) return
  rmSync(folder, { recursive: true, force: true })
  console.error(`transformers ${version} could not be installed; ${error ? error.message : 'the lines above say why'}.`)
  process.exit(3)
}
