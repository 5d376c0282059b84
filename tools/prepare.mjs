// Makes a fresh clone ready: installs the locked dependencies and builds, each only when something it depends on changed.
// Plain JavaScript without dependencies, because it runs before there are any. It speaks on standard error alone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (line) => process.stderr.write(`${line}\n`)

function fail(line) {
  say(line)
  process.exit(3)
}

function hash(paths) {
  const sum = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`)
  for (const path of paths) sum.update(`\n${path}\n`).update(readFileSync(join(root, path)))
  return sum.digest('hex')
}

function stampIs(path, value) {
  return existsSync(path) && readFileSync(path, 'utf8') === value
}

function sourceFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.built.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

function writable(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function run(program, args, what) {
  const environment = { ...process.env }
  // A home that cannot be written to (a service account, `nobody`) must not stop the install: the cache then lives in the clone.
  if (!writable(homedir())) environment.npm_config_cache = join(root, '.cache', 'npm')
  const ended = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], env: environment })
  if (ended.error) fail(`${what} failed: cannot run ${program} (${ended.error.code}). Is it installed and on the PATH?`)
  if (ended.status !== 0) fail(`${what} failed (exit ${ended.status ?? ended.signal}); the lines above say why.`)
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19))
  fail(`Specyard needs Node 20.19 or newer; this is ${process.version}. See https://nodejs.org/.`)

const installStamp = join(root, 'node_modules', '.specyard-install')
const installed = hash(['package.json', 'package-lock.json'])
if (!stampIs(installStamp, installed)) {
  say('specyard: installing the locked dependencies (once for each change of package-lock.json) …')
  run('npm', ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'], 'Installing')
  writeFileSync(installStamp, installed)
}

if (process.argv.includes('--build')) {
  const rooms = [
    'domain',
    'schemas',
    'compiler',
    'publisher',
    'records',
    'reconciler',
    'local',
    'api',
    'cli',
    'migrations',
    'tools',
  ]
  const buildStamp = join(root, 'dist', '.stamp')
  const built = hash(['package.json', 'package-lock.json', ...rooms.flatMap(sourceFiles)])
  if (!stampIs(buildStamp, built)) {
    say('specyard: building …')
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    run(process.execPath, [join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs'), 'tools/build.ts'], 'Building')
    mkdirSync(join(root, 'dist'), { recursive: true })
    writeFileSync(buildStamp, built)
  }
}
