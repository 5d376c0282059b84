import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'

/**
 * Tells the path of a file of the spec repository in the checkout that it is a part of, with `/` between folders: what services of a forge
 * know it by. The checkout is the nearest folder above with a `.git`, else the folder of the workspace, else the spec repository itself.
 * @param workspace where the steps of a workflow work, absolute
 */
export function checkoutPaths(root: string, workspace: string | undefined): (file: string) => string {
  const real = realpathSync.native(root)
  const checkout = repositoryAround(real) ?? workspaceAround(real, workspace) ?? real
  const prefix = relative(checkout, real).split(sep).join('/')
  return (file) => (prefix === '' ? file : `${prefix}/${file}`)
}

function repositoryAround(folder: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    if (existsSync(join(above, '.git'))) return above
    if (dirname(above) === above) return undefined
  }
}

function workspaceAround(folder: string, workspace: string | undefined): string | undefined {
  if (!workspace) return undefined
  const real = existsSync(workspace) ? realpathSync.native(workspace) : workspace
  const inside = relative(real, folder)
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : real
}
