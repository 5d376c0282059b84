import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from '../../domain/publication.ts'

let found: string | undefined

/** The folder of the installed package: the nearest one above this program that holds its package.json, and what comes with it. */
export function packageRoot(): string {
  return (found ??= findPackage())
}

function findPackage(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'charts')) && existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder) throw new Error('the package of this program has no package.json above it')
  }
}

export function packageVersion(): string {
  const parsed = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
  return parsed.version
}

/** The program that runs as the small parent of each local process: built beside this one, or the source when that is what runs. */
export function keeperProgram(): readonly string[] {
  const root = packageRoot()
  const built = join(root, 'dist', 'keeper.mjs')
  if (!import.meta.url.endsWith('.ts') && existsSync(built)) return [process.execPath, built]
  return [process.execPath, '--import', 'tsx', join(root, 'local', 'keeper.ts')]
}

/** The folder of the chart that new endpoints are pinned to. */
export function chartFolder(): string {
  return join(packageRoot(), 'charts', 'serving-endpoint')
}

/** That chart. Its files are read when they are asked for: only what is published of an endpoint has them. */
export function readChart(): { readonly version: string; readonly files: Files } {
  const folder = chartFolder()
  const about = readFileSync(join(folder, 'Chart.yaml'), 'utf8')
  const version = /^version: *"?([0-9A-Za-z.+-]+)"?/m.exec(about)?.[1]
  if (!version) throw new Error(`${folder}/Chart.yaml names no version`)
  let files: Files | undefined
  return {
    version,
    get files() {
      return (files ??= readFiles(folder))
    },
  }
}

/** In one go: to hand two dozen small files to another thread takes longer than to read them. */
function readFiles(folder: string): Files {
  const files = new Map<string, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8'))
  }
  return files
}
