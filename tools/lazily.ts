import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '..')

/**
 * Lets modules be loaded when something of them is first used, and not when somebody imports them: Node takes up to four milliseconds to load one of
 * its own, and a check of sound specs has no use for most of them. For builds to CommonJS, in which what is imported is asked for by name at each use.
 * @param modules packages, and modules of Node without `node:`; each one's importing must do nothing that anybody could miss
 */
export function lazily(modules: readonly string[]): Plugin {
  return {
    name: 'lazily',
    setup(build) {
      const filter = new RegExp(`^(node:)?(${modules.join('|')})$`)
      build.onResolve({ filter }, ({ path, namespace }) =>
        namespace === 'lazily' ? undefined : { path: path.replace(/^node:/, ''), namespace: 'lazily' },
      )
      build.onLoad({ filter: /.*/, namespace: 'lazily' }, ({ path }) => ({
        contents: askedFor(path),
        resolveDir: root,
      }))
    },
  }
}

function askedFor(path: string): string {
  const names = Object.keys(require(path) as object)
  const getters = names.map((name) => `get ${name}() { return asked().${name} }`)
  return `let loaded; const asked = () => (loaded ??= require('${path}')); module.exports = { ${getters.join(', ')} }`
}
