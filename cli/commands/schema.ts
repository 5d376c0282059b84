import { join, resolve } from 'node:path'
import { nearest } from '../../compiler/validate/nearest.ts'
import { schemaFile } from '../../compiler/format/modeline.ts'
import type { Draft } from '../../compiler/schema/drafts.ts'
import { catalogEntry, combinedFile, schemaFiles } from '../../compiler/schema/schemas.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { settingsSchemaDocument } from '../house/settings-schema.ts'
import { notEmpty } from '../specs/writing/destination.ts'
import { writeTree } from '../specs/writing/write-tree.ts'
import { UsageError, type World } from '../world.ts'

export interface SchemaFlags {
  readonly draft: Draft
  /** Write files there instead of printing one. */
  readonly to?: string
  readonly catalog?: boolean
}

/** Prints a schema, or writes all of them into a folder. */
export async function runSchema(
  world: World,
  directory: string,
  kind: string | undefined,
  { draft, to, catalog = false }: SchemaFlags,
): Promise<ExitCode> {
  if (catalog) {
    if (kind !== undefined || to !== undefined) throw new UsageError('error: --catalog is printed alone')
    world.stdout.write(json(catalogEntry()))
    return exitCodes.fine
  }
  const files = schemaFiles(draft, { Settings: settingsSchemaDocument() })
  const wanted =
    kind === undefined
      ? undefined
      : wantedFile(
          kind,
          [...files].map(([, schema]) => String(schema['title'])),
        )
  if (to === undefined) {
    world.stdout.write(json(files.get(wanted ?? combinedFile)))
    return exitCodes.fine
  }
  const folder = resolve(directory, notEmpty(to))
  const chosen = [...files].filter(([name]) => wanted === undefined || wanted === name)
  await writeTree(folder, new Map(chosen.map(([name, schema]) => [name, json(schema)])))
  for (const [name] of chosen) world.stdout.write(`${join(to, name)}\n`)
  return exitCodes.fine
}

function wantedFile(kind: string, titles: readonly string[]): string {
  const known = titles.filter((title) => title !== 'Specyard')
  const found = known.find((one) => one.toLowerCase() === kind.toLowerCase())
  if (found !== undefined) return schemaFile(found)
  const near = nearest(kind, known)
  const hint = near === undefined ? `use one of: ${known.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`error: there is no kind ${JSON.stringify(kind)}; ${hint}`)
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
