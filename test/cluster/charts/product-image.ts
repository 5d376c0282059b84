import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join, relative } from 'node:path'
import { findProgram, run } from '../base/command.ts'
import { librariesOf } from '../parts/images.ts'
import type { Cluster } from '../support/cluster.ts'
import { loadNodeImage } from '../support/images.ts'
import { buildProgram } from '../../support/main-job/program.ts'

/*
 * An image of this program as the Dockerfile would make it, of what is here: this machine's node and Git, the program bundled from the sources as
 * they are, and the packages that it needs when it runs. No registry is asked.
 */

const root = join(import.meta.dirname, '..', '..', '..')
/** What no program reads when it runs. */
const unread = ['.ts', '.mts', '.cts', '.map', '.md']

/** @returns the image pinned by its digest; its entrypoint is the program. A bed that has it already is not given it again */
export async function loadProductImage(cluster: Cluster): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-image-'))
  try {
    const own = ownFiles(folder)
    const loaded = join(cluster.folder, `product-image-${keyOf(Object.values(own))}`)
    if (existsSync(loaded)) return readFileSync(loaded, 'utf8')
    const files = { ...own, ...(await packages()), ...(await git()) }
    const name = 'specyard.local/specyard:test'
    const pinned = await loadNodeImage(cluster, { name, files, entrypoint: ['specyard'], command: ['--help'] })
    writeFileSync(loaded, pinned)
    return pinned
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is of this repository. @param folder where what is made for the image is put */
function ownFiles(folder: string): Readonly<Record<string, string>> {
  // In a package of its own: the build runs what it has made, which needs the packages beside it.
  const built = dirname(buildProgram(folder).words[1] ?? '')
  // No two builds leave the same there, and one image is enough for the same program.
  rmSync(join(built, 'code'), { recursive: true })
  const accounts = join(folder, 'passwd')
  writeFileSync(accounts, 'root:x:0:0::/:/bin/sh\nspecyard:x:1000:1000::/tmp:/bin/sh\n')
  const program = join(folder, 'specyard')
  writeFileSync(program, '#!/bin/sh\nexec node /app/dist/specyard.js "$@"\n')
  return {
    ...filesBelow(built, '/app/dist'),
    ...filesBelow(join(root, 'charts', 'serving-endpoint'), '/app/charts/serving-endpoint'),
    ...filesBelow(join(root, 'schemas'), '/app/schemas'),
    '/app/package.json': join(root, 'package.json'),
    '/etc/passwd': accounts,
    '/usr/bin/specyard': program,
  }
}

/** Of what these files hold, and of the locked dependencies. */
function keyOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of [...paths, join(root, 'package-lock.json')]) hash.update(readFileSync(path)).update('\0')
  return hash.digest('hex').slice(0, 12)
}

/** The packages that are needed when it runs, and not those that it is built with. */
async function packages(): Promise<Readonly<Record<string, string>>> {
  const listed = await run('npm', ['ls', '--omit=dev', '--parseable', '--all'], { folder: root })
  const folders = listed.split('\n').filter((path) => path.includes('node_modules') && existsSync(path))
  const files = folders.map((path) => filesBelow(path, join('/app', relative(root, path))))
  return Object.assign({}, ...files) as Record<string, string>
}

/** Git with what it needs to reach a server over http; its other commands are itself. */
async function git(): Promise<Readonly<Record<string, string>>> {
  const program = findProgram('git')
  if (program === undefined) throw new Error('there is no git on the PATH')
  const folder = (await run(program, ['--exec-path'])).trim()
  const http = join(folder, 'git-remote-http')
  const libraries = [...(await librariesOf(program)), ...(await librariesOf(http))]
  const programs = { '/usr/bin/git': program, [join(folder, 'git')]: program }
  const transports = { [http]: http, [join(folder, 'git-remote-https')]: http }
  return { ...programs, ...transports, ...Object.fromEntries(libraries.map((path) => [path, path])) }
}

/** Files of a folder without what other packages have put below it: path in the image → path here. */
function filesBelow(folder: string, place: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { withFileTypes: true })
  const nested = entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map((entry) => filesBelow(join(folder, entry.name), join(place, entry.name)))
  const own = entries
    .filter((entry) => entry.isFile() && !unread.includes(extname(entry.name)))
    .map((entry) => [join(place, entry.name), join(folder, entry.name)])
  return Object.assign(Object.fromEntries(own), ...nested) as Record<string, string>
}
