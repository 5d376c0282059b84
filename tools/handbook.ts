import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Renews the text that the worked example learns from: npx tsx tools/handbook.ts
 * It gathers this project's own documentation into examples/handbook/data/handbook.txt and writes its digest into the Dataset spec.
 * The file is a fixed version of the data, so run this only when a new version is wanted: the same trainings then give other models.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dataFile = 'examples/handbook/data/handbook.txt'
const datasetSpec = 'specs/handbook/dataset.yaml'
const sourceRooms = ['domain', 'compiler', 'publisher', 'records', 'reconciler', 'local', 'api', 'cli']

const parts = [
  ...['README.md', 'CHANGELOG.md'].filter((path) => existsSync(join(root, path))),
  ...filesBelow('docs', '.md'),
].map(read)
const text = [...parts, schemaText(), commentText()].map(tidied).filter(Boolean).join('\n\n')

mkdirSync(join(root, dirname(dataFile)), { recursive: true })
writeFileSync(join(root, dataFile), `${text}\n`)
const digest = `sha256:${createHash('sha256').update(`${text}\n`).digest('hex')}`
const spec = read(datasetSpec)
if (!/^ *digest: sha256:[0-9a-f]{64}$/m.test(spec)) throw new Error(`${datasetSpec} has no line «digest: sha256:…»`)
writeFileSync(join(root, datasetSpec), spec.replace(/^( *digest: )sha256:[0-9a-f]{64}$/m, `$1${digest}`))
console.log(`${dataFile}: ${Buffer.byteLength(text) + 1} bytes, ${digest}`)
console.log(`${datasetSpec}: digest written`)

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function filesBelow(folder: string, ending: string): readonly string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

/** Titles and descriptions of every field of the specs, each once. */
function schemaText(): string {
  const lines = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { title, description } = node as { title?: unknown; description?: unknown }
    if (typeof title === 'string' && typeof description === 'string') lines.add(`${title}: ${description}`)
    Object.values(node).forEach(visit)
  }
  for (const path of filesBelow('schemas', '.schema.json')) visit(JSON.parse(read(path)))
  return [...lines].join('\n')
}

/** The documentation comments of the sources. */
function commentText(): string {
  const paths = sourceRooms
    .flatMap((room) => filesBelow(room, '.ts'))
    .filter((path) => !/\.(generated|built\.d)\.ts$/.test(path))
  return paths
    .flatMap((path) => read(path).match(/\/\*\*[\s\S]*?\*\//g) ?? [])
    .map((comment) => comment.replace(/^\/\*\*\s*|\s*\*\/$/g, '').replace(/^\s*\* ?/gm, ''))
    .join('\n')
}

function tidied(part: string): string {
  return part
    .replaceAll('\r', '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
