import { join } from 'node:path'
import { buildInto } from './build-into.ts'
import { generate } from './generate.ts'

await generate({ check: false })
await buildInto(join(import.meta.dirname, '..', 'dist'))
