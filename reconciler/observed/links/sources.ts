import type { ApplicationSource } from '../cluster.ts'
import type { DeclaredObject, DeployFiles, Template } from '../files.ts'

/** What makes the manifests of a source, by what it says and by what is in its folder. */
export function toolOf({ tool, path }: ApplicationSource, files: DeployFiles): ApplicationSource['tool'] {
  if (tool !== 'directory' || path === null) return tool
  if (files.charts.includes(path)) return 'helm'
  return files.kustomizations.has(path) ? 'kustomize' : 'directory'
}

/**
 * Objects in files of a source. Of a kustomization they are as they were before names and namespaces were changed; of a chart there are none.
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/directory/
 */
export function declaredBy(source: ApplicationSource, files: DeployFiles): readonly DeclaredObject[] {
  const { path } = source
  if (path === null) return []
  switch (toolOf(source, files)) {
    case 'directory':
      return files.objects.filter((one) => isRead(source, one.path))
    case 'kustomize': {
      const made = new Set(files.kustomizations.get(path) ?? [])
      return files.objects.filter((one) => made.has(one.path))
    }
    case 'helm':
    case 'plugin':
      return []
  }
}

/** Templates of a source that is a chart. */
export function templatesOf(source: ApplicationSource, files: DeployFiles): readonly Template[] {
  if (source.path === null || toolOf(source, files) !== 'helm') return []
  return files.templates.filter((one) => below(source.path ?? '', one.path) !== undefined)
}

/** Whether Argo CD reads a file of a plain folder: not of folders in it unless it is told to. */
function isRead({ path, recurse, include, exclude }: ApplicationSource, file: string): boolean {
  const relative = below(path ?? '', file)
  if (relative === undefined || (!recurse && relative.includes('/'))) return false
  if (exclude !== '' && globExpression(exclude).test(relative)) return false
  return include === '' || globExpression(include).test(relative)
}

function below(folder: string, path: string): string | undefined {
  if (folder === '') return path
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
}

/** A pattern as Argo CD reads it: `*` and `?` stand for slashes too, `{a,b}` for one of several. */
export function globExpression(pattern: string): RegExp {
  let depth = 0
  const source = [...pattern].map((character) => {
    if (character === '*') return '.*'
    if (character === '?') return '.'
    if (character === '{') {
      depth += 1
      return '(?:'
    }
    if (character === '}' && depth > 0) {
      depth -= 1
      return ')'
    }
    if (character === ',' && depth > 0) return '|'
    return character.replace(/[.+^$()|[\]\\{}]/, String.raw`\$&`)
  })
  return new RegExp(`^${source.join('')}${')'.repeat(depth)}$`, 's')
}
