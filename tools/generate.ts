import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { settingsSchemaDocument } from '../cli/house/settings-schema.ts'
import { generateSound } from './generate-sound.ts'
import { generateTemplates } from './generate-templates.ts'
import { generateChartValues, generateTypes, type Schema } from './generate-types.ts'
import { generateValidators } from './generate-validators.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Makes everything that is derived from the schemas and templates: the types (committed, so that a change of a schema shows in review),
 * the validators and the precompiled templates (not committed: nobody reads them).
 * @param options with `check`, committed files are compared instead of written
 */
export async function generate(options: { check: boolean }): Promise<void> {
  const schemas = await readSchemas()
  await committed('domain/specs.generated.ts', await generateTypes(schemas), options.check)
  const values = JSON.parse(
    await readFile(join(root, 'charts', 'serving-endpoint', 'values.schema.json'), 'utf8'),
  ) as Schema
  await committed('compiler/render/values/chart-values.generated.ts', await generateChartValues(values), options.check)
  await built('compiler/validate/validators.built.js', await generateValidators(schemas))
  await built('compiler/validate/sound.built.js', generateSound(schemas))
  await built('cli/house/settings.built.js', generateSound([settingsSchemaDocument()]))
  await built(
    'compiler/render/templates.built.js',
    await generateTemplates(join(root, 'compiler', 'render', 'templates')),
  )
}

async function readSchemas(): Promise<readonly Schema[]> {
  const names = (await readdir(join(root, 'schemas'))).filter((name) => name.endsWith('.schema.json')).sort()
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(root, 'schemas', name), 'utf8')) as Schema),
  )
}

async function committed(path: string, text: string, check: boolean): Promise<void> {
  const before = await readFile(join(root, path), 'utf8').catch(() => '')
  if (before === text) return
  if (check) throw new Error(`${path} is not what the schemas make of it: run npm run generate and commit the result`)
  await writeFile(join(root, path), text)
}

async function built(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  const before = await readFile(join(root, path), 'utf8').catch(() => '')
  if (before !== text) await writeFile(join(root, path), text)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await generate({ check: process.argv.includes('--check') })
  } catch (error) {
    process.stderr.write(`${basename(process.argv[1])}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
