import Ajv2020 from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import type { Schema } from './generate-types.ts'

/** One ES module with a validating function for each kind, named after it; nothing is compiled when the program starts. */
export async function generateValidators(schemas: readonly Schema[]): Promise<string> {
  const ajv = new Ajv2020.default({
    allErrors: true,
    verbose: false,
    strict: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: false },
    schemas: schemas.map((schema) => ({ ...schema })),
  })
  const ids = Object.fromEntries(schemas.map((schema) => [schema.title, String(schema['$id'])]))
  // Even as an ES module ajv's code holds `require` of its own run time; bundling takes that in.
  const bundled = await build({
    stdin: { contents: standaloneCode.default(ajv, ids), resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
  })
  return bundled.outputFiles[0]?.text ?? ''
}
