import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildOptions } from 'esbuild'
import manifest from '../package.json' with { type: 'json' }
import { type QuickCommand, quickCommands } from '../cli/start/command-word.ts'
import type { BuiltFiles } from '../cli/start/run-quick.ts'
import { later, laterEntry, lazily } from './lazily.ts'

/**
 * Packages that are taken into the bundle: those that `check` and `compile` need, whose many small modules take longer to find and load than
 * to run. All are plain JavaScript. Others stay where npm puts them.
 */
export const bundledPackages = [
  'commander',
  'js-yaml',
  'picocolors',
  'sha1-uint8array',
  'sha256-uint8array',
  'yaml',
  'zod',
] as const

const { dependencies, devDependencies } = manifest
const outside = [...Object.keys(dependencies), ...Object.keys(devDependencies)].filter(
  (name) => name === 'zod' || !(bundledPackages as readonly string[]).includes(name),
)

/** What all parts of the program have in common, beside what differs by place: where to, how loud. */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Half as much text to read at every start; names are kept, so that a trace can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  external: outside,
  // What is written `zod` is large, and one with what packages outside import; settings are read by the small build of it.
  alias: {
    'zod/mini': './node_modules/zod/mini/index.js',
    'zod/v4/locales/en.js': './node_modules/zod/v4/locales/en.js',
  },
  sourcemap: 'linked',
  legalComments: 'none',
} satisfies BuildOptions

/** A program whose parts are loaded as they are used. */
export const bundle = {
  ...common,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  // Packages written for `require` ask it for modules of Node. Under a name that no module of ours brings into a chunk.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
} satisfies BuildOptions

/** The whole program, and the keeper. */
export const whole = {
  ...bundle,
  entryPoints: { whole: 'cli/main.ts', keeper: 'local/keeper.ts' },
  outExtension: { '.js': '.mjs' },
} satisfies BuildOptions

/** What stands for the place of a module where there are no ES modules: `createRequire` takes a path too, and to make a URL takes half a millisecond. */
const places = { 'import.meta.url': '__filename', 'import.meta.dirname': '__dirname' }

/**
 * What only specs that are written in an odd way, or wrong, have use for: a YAML parser with places, and what tells what is wrong; and the rules of the
 * API server, which hold for manifests that templates and patches shape. It is half of the text of the commands that start often, and imports nothing
 * of ours that does anything.
 */
const laterModules = [
  'yaml',
  'compiler/validate/validators.built.js',
  'compiler/validate/schemas.ts',
  'compiler/manifest/check.ts',
  'cli/house/settings-schema.ts',
]

/** Those modules, in a file of their own. */
export const rest = {
  ...common,
  stdin: { ...laterEntry(laterModules), sourcefile: 'later.js' },
  entryNames: 'later-[hash]',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: places,
} satisfies BuildOptions

/** The source that a quick command starts from. */
export const quickEntry = (command: QuickCommand): string => `cli/start/${command}.ts`

/**
 * The commands that start often, each in one file: a function of what modules are given (`cli/start/run-quick.ts`).
 * @param laterFile the name of the file with the rest
 */
export function quick(laterFile: string) {
  return {
    ...common,
    entryPoints: Object.fromEntries(quickCommands.map((command) => [`quick-${command}`, quickEntry(command)])),
    entryNames: '[name]-[hash]',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: places,
    banner: {
      js: '(function(require,obtain,__filename,__dirname){',
    },
    footer: { js: '})' },
    plugins: [
      later(laterModules, laterFile),
      lazily([
        ...['commander', 'js-yaml', 'picocolors'],
        ...['child_process', 'crypto', 'fs/promises', 'module', 'stream/promises', 'timers/promises', 'v8'],
      ]),
    ],
  } satisfies BuildOptions
}

/** The first file of the program. */
export function start(files: BuiltFiles) {
  return {
    ...common,
    entryPoints: { specyard: 'cli/start/start.ts' },
    format: 'cjs',
    define: { ...places, builtFiles: JSON.stringify(files) },
    // Needed where the code that is kept is not the one that was built with the program.
    plugins: [lazily(['crypto'])],
  } satisfies BuildOptions
}

/** The licences of what the bundle holds, to be shipped beside it. */
export async function licencesOf(root: string): Promise<string> {
  const texts = await Promise.all(
    bundledPackages.map(async (name) => {
      const folder = join(root, 'node_modules', name)
      const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
      return `${name} ${version}\n\n${(await readFile(join(folder, 'LICENSE'), 'utf8')).trim()}\n`
    }),
  )
  return `This program holds parts of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}
