import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { formatFile } from '../../compiler/format/format.ts'
import { combinedFile, schemaFiles } from '../../compiler/schema/schemas.ts'
import { packageRoot, packageVersion } from '../house/assets.ts'
import { settingsSchemaDocument } from '../house/settings-schema.ts'
import type { Checkout } from './checkout.ts'

/** What a new spec repository is called, and where it takes Specyard from. */
export interface Names extends Checkout {
  readonly project: string
  /** Of the model, its training and its endpoint. */
  readonly name: string
  /** Of the forge: the repository that holds the action and the hooks, such as specyard/specyard. */
  readonly source: string
}

/** What many a repository has already. It stays as it is: nothing that runs or is checked depends on it. */
export function isKept(path: string): boolean {
  return !/^(specyard\.yaml$|specs\/|schemas\/|trainer\/)/.test(path)
}

/**
 * The files of a new spec repository, by their paths with `/` between folders. Templates stand in `templates/repository`; a name there that
 * begins with an underscore begins with a dot here, for npm packs no file named .gitignore. What forges and pre-commit look for at the root
 * of a repository of Git alone is there.
 */
export async function newRepository(names: Names): Promise<ReadonlyMap<string, string>> {
  const folder = join(packageRoot(), 'templates', 'repository')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, string>()
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const target = targetOf(relative(folder, path).split(sep).join('/'), names)
    files.set(target, laidOut(target, filled(target, await readFile(path, 'utf8'), names)))
  }
  const client = join(packageRoot(), 'examples', 'handbook', 'specyard-client.mjs')
  files.set('trainer/specyard-client.mjs', await readFile(client, 'utf8'))
  for (const [name, schema] of schemaFiles('draft-07', { Settings: settingsSchemaDocument() }))
    files.set(`schemas/${name}`, `${JSON.stringify(schema, null, 2)}\n`)
  return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)))
}

function targetOf(path: string, { project, within }: Names): string {
  const target = path.replace(/^specs\/_project\//, `specs/${project}/`).replace(/(^|\/)_/g, '$1.')
  const isOfRoot = within !== '' && /^\.(github\/|pre-commit-config)/.test(target)
  return isOfRoot ? `${'../'.repeat(within.split('/').length)}${target}` : target
}

function filled(path: string, text: string, { project, name, source, within, branch }: Names): string {
  const release = `v${packageVersion()}`
  // Lines that are for a folder of another repository alone say which.
  const lines = within === '' ? text.replaceAll(/^.*__(directory|pattern)__.*\n/gm, '') : text
  const pattern = `^${within.replaceAll(/[^\w/-]/g, '\\$&')}/(specs/.*\\.ya?ml|specyard\\.yaml)$`
  return lines
    .replaceAll('__directory__', () => yamlText(within))
    .replaceAll('__pattern__', () => yamlText(pattern))
    .replaceAll('__branch__', () => yamlText(branch))
    .replaceAll('__folder__', () => (within === '' ? '' : `${within}/`))
    .replaceAll(/(?<![\w./-])__(project|name)__(?![\w./-])/g, (_whole, what: string) => {
      const chosen = what === 'name' ? name : project
      return path.startsWith('specs/') ? yamlText(chosen) : chosen
    })
    .replaceAll('__project__', project)
    .replaceAll('__name__', name)
    .replaceAll('__action__', `${source}@${release}`)
    .replaceAll('__repository__', `https://github.com/${source}`)
    .replaceAll('__release__', release)
}

/** A text as a value of YAML, in quotes where it would be read as something else without: as a number, as yes or no. */
function yamlText(text: string): string {
  const isPlain = /^[a-z^][-\w./^*?|()\\$]*$/i.test(text) && !/^(y|yes|n|no|on|off|true|false|null)$/i.test(text)
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`
}

/** Specs come as `specyard fmt` would lay them out, with the line by which editors find their schema. */
function laidOut(path: string, text: string): string {
  if (path === 'specyard.yaml') return `# yaml-language-server: $schema=schemas/${combinedFile}\n${text}`
  if (!path.startsWith('specs/')) return text
  const modeline = `${'../'.repeat(path.split('/').length - 1)}schemas`
  const { text: formatted } = formatFile({ path, bytes: new TextEncoder().encode(text) }, { modeline })
  return formatted ?? text
}
