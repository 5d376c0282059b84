import { existsSync, realpathSync, statSync } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { SourceFile } from '../../domain/publication.ts'
import { isSpecPath, isTemplatePath, specBytesMax, specsFolder } from '../../publisher/spec-files.ts'
import { settingsFile } from '../house/settings.ts'
import { UsageError } from '../world.ts'

/** What a person asked to look at. */
export interface Selection {
  /** Whether a file, by its path from the root of the spec repository, is among it, or is a folder that holds some of it. */
  includes(file: string): boolean
  /** Files from elsewhere, looked at as if they stood in the repository. One of a path that is there takes its place. */
  readonly drafts: readonly SourceFile[]
}

/** One byte more than any file may have is enough to say that it is too large. */
const draftBytesMax = specBytesMax + 1
export const standardInput = 'standard-input.yaml'

/**
 * Finds out what paths mean: folders and files under `specs/` select what is there, a file elsewhere is a draft, `-` is standard input.
 * @param paths relative to `from`; none for everything
 * @param stdin gives standard input, and under which path it is looked at
 * @throws UsageError for a path that leads nowhere, or to what no spec can be
 */
export async function select(
  root: string,
  from: string,
  paths: readonly string[],
  stdin: { readonly read: () => Promise<Uint8Array>; readonly path: string | undefined },
): Promise<Selection> {
  const realRoot = realpathSync.native(root)
  const prefixes: string[] = []
  const drafts: SourceFile[] = []
  for (const path of paths) {
    if (path === '-') {
      const name = stdin.path === undefined ? standardInput : await insideOf(realRoot, resolve(from, stdin.path))
      drafts.push({ path: name, bytes: await stdin.read() })
      continue
    }
    const absolute = resolve(from, path)
    if (!existsSync(absolute)) throw new UsageError(`error: there is no ${path}`)
    if (statSync(absolute).isDirectory()) {
      prefixes.push(folderPrefix(relativePath(realRoot, await realpath(absolute)), path))
      continue
    }
    const inside = await insideOf(realRoot, absolute)
    if (inside === settingsFile || isTemplatePath(inside)) prefixes.push(inside)
    else if (isUnder(inside, specsFolder)) prefixes.push(spec(inside, path))
    else drafts.push({ path: spec(inside, path), bytes: await readDraft(absolute) })
  }
  const draftPaths = new Set(drafts.map((file) => file.path))
  return {
    includes: (file) =>
      paths.length === 0 ||
      [...draftPaths, ...prefixes].some((one) => one === '' || isUnder(file, one) || isUnder(one, file)),
    drafts,
  }
}

/** The path of a file from the root, with `/` between folders; one outside keeps its `..`, or is whole where it lies on another disk. */
async function insideOf(realRoot: string, absolute: string): Promise<string> {
  // A link under the root selects itself, so only its folder is followed.
  const folder = await realpath(dirname(absolute)).catch(() => dirname(absolute))
  return relativePath(realRoot, join(folder, basename(absolute)))
}

function relativePath(from: string, to: string): string {
  const path = relative(from, to)
  return isAbsolute(path) ? path : path.split(sep).join('/')
}

function folderPrefix(inside: string, path: string): string {
  if (inside === '' || isUnder(inside, specsFolder)) return inside
  if (inside.split('/').every((step) => step === '..')) return ''
  throw new UsageError(`error: the folder ${path} holds no specs: they stand in ${specsFolder}/`)
}

function spec(inside: string, path: string): string {
  if (isSpecPath(inside.replaceAll('../', ''))) return inside
  throw new UsageError(
    `error: ${path} is no spec: specs end in .yaml or .yml, and no part of their path begins with a dot`,
  )
}

function isUnder(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`)
}

async function readDraft(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(draftBytesMax)
    let length = 0
    for (let read = 1; read > 0 && length < draftBytesMax; length += read)
      read = (await file.read(buffer, length, draftBytesMax - length, null)).bytesRead
    return new Uint8Array(buffer.subarray(0, length))
  } finally {
    await file.close()
  }
}

/** Standard input, as far as any spec may go. */
export async function readStandardInput(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > draftBytesMax) break
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, draftBytesMax))
}
