import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'

const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '..')

/**
 * Lets modules be loaded when something of them is first used, and not when somebody imports them: Node takes up to four milliseconds to load one of
 * its own, and a check of sound specs has no use for most of them. For builds to CommonJS, in which what is imported is asked for by name at each use.
 * @param modules packages, and modules of Node without `node:`, of which functions are wanted; each one's importing must do nothing that anybody could miss
 */
export function lazily(modules: readonly string[]): Plugin {
  const wanted = new Set(modules)
  return standIns(
    'lazily',
    (path) => (wanted.has(path) ? path : undefined),
    (path) => `require('${path}')`,
  )
}

/**
 * Leaves modules to another file, which is read when something of them is first used.
 * @param modules packages, and paths of sources from the root: what they import must be nobody else's, or it would be there twice
 * @param file built of `laterEntry`, beside this one
 */
export function later(modules: readonly string[], file: string): Plugin {
  const wanted = new Set(modules)
  const find = (path: string, folder: string): string | undefined => {
    const module = /^\.\.?\//.test(path) ? relative(root, join(folder, path)) : path
    return wanted.has(module) ? module : undefined
  }
  return standIns('later', find, (module) => `require('./${file}')['${module}']`, [`./${file}`])
}

/** The source of the file that `later` leaves modules to. Each is loaded when it is asked for. */
export function laterEntry(modules: readonly string[]): { contents: string; resolveDir: string } {
  const getters = modules.map((module) => `get '${module}'() { return require('${placeOf(module)}') }`)
  return { contents: `module.exports = { ${getters.join(', ')} }`, resolveDir: root }
}

function standIns(
  namespace: string,
  find: (path: string, folder: string) => string | undefined,
  asked: (module: string) => string,
  external: readonly string[] = [],
): Plugin {
  return {
    name: namespace,
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, resolveDir, namespace: from }) => {
        if (from === namespace) return external.includes(path) ? { path, external: true } : undefined
        const module = find(path.replace(/^node:/, ''), resolveDir)
        return module === undefined ? undefined : { path: module, namespace }
      })
      build.onLoad({ filter: /.*/, namespace }, async ({ path }) => ({
        contents: await standIn(path, asked(path)),
        resolveDir: root,
      }))
    },
  }
}

/** A module that has what another one has, and loads that when it is asked for something. */
async function standIn(module: string, load: string): Promise<string> {
  const names = await namesOf(module)
  const asked = `let loaded; const asked = () => (loaded ??= ${load})`
  // Of what is no ES module an object is made for each module that imports it; of Node's modules many import functions, which can be passed on.
  if (isBuiltin(module))
    return [asked, ...names.map((name) => `export const ${name} = (...given) => asked().${name}(...given)`)].join(';')
  // By way of a prototype, which all of them share: copied are what an object has itself.
  return `${asked}; module.exports = Object.create({ ${names.map((name) => `get ${name}() { return asked().${name} }`).join(', ')} })`
}

async function namesOf(module: string): Promise<readonly string[]> {
  const place = placeOf(module)
  const exported: unknown = isAbsolute(place) ? await import(pathToFileURL(place).href) : require(place)
  return Object.keys(exported as object).filter((name) => /^\w+$/.test(name))
}

/** What a module is loaded by: sources of ours stand in folders. */
function placeOf(module: string): string {
  return dirname(module) !== '.' && /\.[jt]s$/.test(module) ? join(root, module) : module
}
