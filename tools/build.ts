import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundle, licencesOf } from './bundle.ts'
import { generate } from './generate.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

await generate({ check: false })
await rm(join(root, 'dist'), { recursive: true, force: true })
await build({
  ...bundle,
  absWorkingDir: root,
  outdir: 'dist',
  logLevel: 'warning',
})
await writeFile(join(root, 'dist', 'LICENCES.txt'), await licencesOf(root))
