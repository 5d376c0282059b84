import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram, run } from '../base/command.ts'
import { goEffort } from '../../../tools/go-effort.ts'
import { cached, keyOf } from './cache.ts'
import type { Recipe } from './recipes.ts'

/** Says one line to whoever started the bed. */
export type Say = (line: string) => void

/** Between two lines that say how far a build is. */
const progressSeconds = 15
/** No cgo: the programs run wherever they are put. The module's own Go version is enough, no other toolchain is downloaded. */
const goEnvironment = { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' }

/**
 * The folder with a recipe's programs in bin/ and its files in share/: from the cache, or built from source, which takes minutes.
 * @throws Error when Go is missing or the build fails, with what Go said
 */
export async function builtTools(recipe: Recipe, say: Say): Promise<string> {
  const sources = join(import.meta.dirname, '..', 'tools', recipe.name)
  const go = findProgram('go')
  if (go === undefined)
    throw new Error(
      'Go is not installed, and the test bed is built with it. Install Go 1.26.6 or newer: https://go.dev/dl/',
    )
  const version = await run(go, ['version'], { environment: goEnvironment })
  const pins = readdirSync(sources).map((name) => readFileSync(join(sources, name)))
  const key = keyOf(...pins, JSON.stringify(recipe), version)
  return cached(recipe.name, key, async (folder) => {
    const start = performance.now()
    say(`builds ${recipe.holds} from source, once (kept in the cache until tools/${recipe.name} or Go changes)`)
    await build(go, recipe, sources, folder, say)
    say(`built ${recipe.holds} in ${duration(performance.now() - start)}`)
  })
}

async function build(go: string, recipe: Recipe, sources: string, folder: string, say: Say): Promise<void> {
  const bin = join(folder, 'bin')
  const share = join(folder, 'share')
  for (const one of [bin, share]) mkdirSync(one)
  say(`${recipe.name}: downloads modules`)
  await run(go, ['mod', 'download'], { folder: sources, environment: goEnvironment })
  const packages = Object.values(recipe.programs)
  const flags = ['-mod=readonly', '-trimpath', ...(recipe.tags.length > 0 ? [`-tags=${recipe.tags.join(',')}`] : [])]
  const stamps = await linkerFlags(go, recipe, sources)
  const listed = await run(go, ['list', ...flags, '-deps', ...packages], {
    folder: sources,
    environment: goEnvironment,
  })
  await compile(
    go,
    ['build', ...flags, '-buildvcs=false', '-v', `-ldflags=-s -w ${stamps}`, `-o=${bin}/`, ...packages],
    sources,
    progress(recipe.name, listed.split('\n').length, say),
  )
  for (const [name, path] of Object.entries(recipe.programs)) {
    const written = basename(path.replace(/\/v\d+$/, ''))
    if (written !== name) renameSync(join(bin, written), join(bin, name))
  }
  for (const [name, { module, path }] of Object.entries(recipe.share)) {
    const module_ = (await run(go, ['list', '-m', '-f', '{{.Dir}}', module], { folder: sources })).trim()
    cpSync(join(module_, path), join(share, name), { recursive: true })
    // Modules are read-only; the cache is removed like any folder.
    await run('chmod', ['-R', 'u+w', join(share, name)])
    if (name.endsWith('.sh')) chmodSync(join(share, name), 0o755)
  }
}

/** Runs the build with low priority: others work on this machine. */
async function compile(
  go: string,
  words: readonly string[],
  folder: string,
  saw: (line: string) => void,
): Promise<void> {
  const child = spawn('nice', ['-n', '10', go, ...words], {
    cwd: folder,
    env: { ...process.env, ...goEnvironment, ...goEffort() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  const lines = createInterface({ input: child.stderr })
  lines.on('line', (line) => {
    said.push(line)
    saw(line)
  })
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  if (code !== 0) throw new Error(`go build failed (exit code ${code}) in ${folder}:\n${said.slice(-15).join('\n')}`)
}

/** Go names each package that it compiles; what its compile cache has already is not among them. */
function progress(name: string, packages: number, say: Say): () => void {
  const start = performance.now()
  let compiled = 0
  let told = start
  return () => {
    compiled += 1
    const now = performance.now()
    if (now - told < progressSeconds * 1000) return
    told = now
    say(`${name}: ${compiled} of at most ${packages} packages compiled, ${duration(now - start)}`)
  }
}

async function linkerFlags(go: string, recipe: Recipe, sources: string): Promise<string> {
  const flags: string[] = []
  for (const [variable, template] of Object.entries(recipe.stamps)) {
    const [, module = '', form] = /^\{([^:}]+)(?::(\w+))?\}$/.exec(template) ?? []
    const words = ['list', '-m', '-f', '{{.Version}}', module]
    const version = (await run(go, words, { folder: sources, environment: goEnvironment })).trim()
    flags.push(`-X ${variable}=${stampOf(version, form)}`)
  }
  return flags.join(' ')
}

function stampOf(version: string, form: string | undefined): string {
  const [major = '', minor = ''] = version.slice(1).split('.')
  if (form === 'major') return major
  if (form === 'minor') return minor
  return form === 'plain' ? version.slice(1) : version
}

export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
