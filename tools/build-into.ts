import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { build, type Metafile } from 'esbuild'
import { licencesOf, quick, quickEntry, rest, start, whole } from './bundle.ts'
import { putPreparedDatabase } from './prepared-database.ts'
import { type QuickCommand, quickCommands } from '../cli/start/command-word.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')

/** Builds the program into a folder of a package, in the stead of what is there. */
export async function buildInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const place = { absWorkingDir: root, outdir: folder, logLevel: 'warning', metafile: true } as const
  const [restBuilt, wholeBuilt] = await Promise.all([build({ ...rest, ...place }), build({ ...whole, ...place })])
  const quickBuilt = await build({ ...quick(builtFile(restBuilt.metafile, 'later.js')), ...place })
  const files = {
    quick: Object.fromEntries(
      quickCommands.map((command) => [command, builtFile(quickBuilt.metafile, quickEntry(command))] as const),
    ) as Record<QuickCommand, string>,
    whole: builtFile(wholeBuilt.metafile, whole.entryPoints.whole),
  }
  for (const file of Object.values(files.quick)) await importByLoader(join(folder, file), quickBuilt.metafile)
  await build({ ...start(files), ...place })
  // The first file is no ES module, because Node takes five milliseconds more to load one of those.
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n')
  await writeFile(join(folder, 'LICENCES.txt'), await licencesOf(root))
  await putPreparedDatabase(folder)
  await keepCode(folder)
}

/** The name of the file that a build made of a source. */
function builtFile({ outputs }: Metafile, source: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source)
  if (!found) throw new Error(`nothing was built of ${source}`)
  return basename(found[0])
}

/**
 * Has a file ask `obtain` where it says `import`: a text that Node did not load itself may not import without a warning. Both are six letters, so
 * that the source map stays true.
 */
async function importByLoader(file: string, { outputs }: Metafile): Promise<void> {
  const [, output] = Object.entries(outputs).find(([path]) => basename(path) === basename(file)) ?? []
  const imports = (output?.imports ?? []).filter(({ kind }) => kind === 'dynamic-import')
  const text = await readFile(file, 'utf8')
  const parts = text.split(/\bimport(?=\("(?:[^"\\]+)"\))/)
  if (parts.length - 1 !== imports.length)
    throw new Error(`${file} has ${parts.length - 1} imports, not ${imports.length}`)
  await writeFile(file, parts.join('obtain'))
}

/** Has this machine's Node keep what it makes of the program while that checks and compiles the worked example, and puts it beside the program. */
async function keepCode(folder: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'specyard-build-'))
  try {
    const specs = join(home, 'repository')
    await cp(join(root, 'specs'), join(specs, 'specs'), { recursive: true })
    await writeFile(join(specs, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
    const env = { PATH: process.env['PATH'], HOME: home }
    const words = { check: ['check'], compile: ['compile', '--to', join(home, 'tree')] } as const
    for (const command of quickCommands)
      await run(process.execPath, [join(folder, 'specyard.js'), '--directory', specs, ...words[command]], { env })
    await mkdir(join(folder, 'code'))
    const kept = join(home, '.cache', 'specyard', 'code')
    // Others than who builds may run it.
    for (const name of await readdir(kept))
      await writeFile(join(folder, 'code', name), await readFile(join(kept, name)))
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
