import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { compareText } from '../../domain/problem.ts'

/** A folder with more than this many files or bytes has no digest: reading it would hold up what is to run. */
const filesMax = 10_000
const bytesMax = 256 * 1024 * 1024

interface Entry {
  readonly path: string
  readonly size: number
  readonly changed: number
  readonly link: string | null
}

/** Digests image folders; one that has not changed since is not read again. */
export function imageDigests(): (folder: string) => Promise<string | null> {
  const known = new Map<string, { readonly fingerprint: string; readonly digest: string }>()
  return async (folder) => {
    const entries = await listEntries(folder)
    if (!entries) return null
    const fingerprint = JSON.stringify(entries)
    const before = known.get(folder)
    if (before?.fingerprint === fingerprint) return before.digest
    const digest = await digestOf(folder, entries)
    known.set(folder, { fingerprint, digest })
    return digest
  }
}

async function listEntries(folder: string): Promise<readonly Entry[] | null> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => !entry.isDirectory())
  if (files.length > filesMax) return null
  const entries = await Promise.all(
    files.map(async (file): Promise<Entry> => {
      const path = join(file.parentPath, file.name)
      const { size, mtimeMs } = await lstat(path)
      const link = file.isSymbolicLink() ? await readlink(path) : null
      return { path: relative(folder, path), size, changed: mtimeMs, link }
    }),
  )
  if (entries.reduce((sum, entry) => sum + entry.size, 0) > bytesMax) return null
  return entries.filter((entry) => !entry.path.includes('__pycache__')).sort((a, b) => compareText(a.path, b.path))
}

/** SHA-256 over the names and contents of all files, in the order of their names. */
async function digestOf(folder: string, entries: readonly Entry[]): Promise<string> {
  const whole = createHash('sha256')
  for (const entry of entries) {
    const one = createHash('sha256')
    if (entry.link !== null) one.update(`link ${entry.link}`)
    else await pipeline(createReadStream(join(folder, entry.path)), one)
    whole.update(`${JSON.stringify(entry.path)} ${one.digest('hex')}\n`)
  }
  return `sha256:${whole.digest('hex')}`
}
