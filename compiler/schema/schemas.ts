import { compareText } from '../../domain/problem.ts'
import { specKinds } from '../../domain/specs.generated.ts'
import { publicEditorSchemas, publicSchemas, schemaFile } from '../format/modeline.ts'
import { schemas as kinds } from '../validate/schemas.ts'
import { inDraft07 } from './draft-07.ts'
import type { Draft } from './drafts.ts'
import { withOverlays } from './overlay.ts'
import type { Schema } from './walk.ts'

/** The file of the schema that takes documents of every kind. */
export const combinedFile = 'specyard.schema.json'

/**
 * All schemas by their file names: one for each kind, and one for documents of any kind.
 * @param more schemas of documents that are no specs, such as the settings, by their kind
 */
export function schemaFiles(draft: Draft, more: Readonly<Record<string, Schema>> = {}): ReadonlyMap<string, Schema> {
  const shapes = kinds as unknown as Readonly<Record<string, Schema>>
  const all: Readonly<Record<string, Schema>> = {
    ...shapes,
    ServingEndpoint: withOverlays(shapes['ServingEndpoint'] ?? {}),
    ...more,
  }
  const rendered = (schema: Schema): Schema => (draft === 'draft-07' ? inDraft07(schema) : schema)
  const names = Object.keys(all).sort(compareText)
  return new Map([
    ...names.map((kind): [string, Schema] => [schemaFile(kind), rendered(all[kind] ?? {})]),
    [combinedFile, rendered(combined(all, names))],
  ])
}

/** One schema for documents of any kind: their `kind` says which of the others holds, so that a problem is told of that one alone. */
function combined(all: Readonly<Record<string, Schema>>, names: readonly string[]): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${publicSchemas}/${combinedFile}`,
    title: 'Specyard',
    description: 'A document of a spec repository: a training, an endpoint, or what they refer to.',
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: {
      apiVersion: { title: 'API version', description: 'The version of this shape.', const: 'specyard.dev/v1' },
      kind: { title: 'Kind', description: 'The kind of document.', enum: names },
    },
    allOf: names.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      then: { $ref: `#/$defs/${kind}` },
    })),
    $defs: Object.fromEntries(names.map((kind) => [kind, nested(all[kind] ?? {})])),
  }
}

/** A schema inside another one has no address of its own: its references are the outer one's. */
function nested({ $schema: _draft, $id: _address, ...schema }: Schema): Schema {
  return schema
}

/**
 * What the catalogue of schemas for editors wants to know of ours.
 * @see https://github.com/SchemaStore/schemastore/blob/master/src/schemas/json/schema-catalog.json
 */
export function catalogEntry(): {
  readonly name: string
  readonly description: string
  readonly fileMatch: readonly string[]
  readonly url: string
} {
  return {
    name: 'Specyard',
    description: `Training and serving specs: ${specKinds.join(', ')}`,
    // Narrow enough for nobody else's files: a folder named specs may be anybody's.
    fileMatch: ['specyard.yaml', '*.specyard.yaml', '*.specyard.yml'],
    url: `${publicEditorSchemas}/${combinedFile}`,
  }
}
