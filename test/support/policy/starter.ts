import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', '..', '..', 'policies')

/** The files of the starter pack by the name of their policy. */
export const starterPack: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .sort()
    .map((file) => [file.replace(/\.yaml$/, ''), readFileSync(join(folder, file), 'utf8')]),
)
