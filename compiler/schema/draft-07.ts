import { isObject, mapSchemas, type Schema } from './walk.ts'

/*
 * Keywords that draft-07 writes otherwise than 2020-12. What it has no words for is refused, so that a schema that gets such a keyword is
 * noticed when it is rendered, and not by an editor that passes over it.
 */

const withoutWords = [
  'unevaluatedProperties',
  'unevaluatedItems',
  '$dynamicRef',
  '$dynamicAnchor',
  'minContains',
  'maxContains',
]

/**
 * The same schema in draft-07, which accepts and refuses the same documents.
 * @throws Error for a keyword that draft-07 has no words for
 */
export function inDraft07(schema: Schema): Schema {
  const rendered = mapSchemas(schema, rendered07)
  const { $schema: _, ...rest } = rendered
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...rest }
}

function rendered07(schema: Schema): Schema {
  const rendered: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (withoutWords.includes(keyword)) throw new Error(`draft-07 has no words for the keyword ${keyword}`)
    if (keyword === '$id') rendered['$id'] = String(value).replace(/\/schemas\/v1\//, '/schemas/v1/draft-07/')
    else if (keyword === '$defs') rendered['definitions'] = value
    else if (keyword === '$ref') rendered['$ref'] = String(value).replace('#/$defs/', '#/definitions/')
    else if (keyword === 'prefixItems') rendered['items'] = value
    else if (keyword === 'items' && 'prefixItems' in schema) rendered['additionalItems'] = value
    else if (keyword === 'dependentRequired' || keyword === 'dependentSchemas')
      rendered['dependencies'] = { ...(rendered['dependencies'] as object | undefined), ...(value as object) }
    else rendered[keyword] = value
  }
  // Beside a reference draft-07 passes over everything else.
  if ('$ref' in rendered && Object.keys(rendered).length > 1) {
    const { $ref, ...beside } = rendered
    const all = isObject(beside['allOf']) || Array.isArray(beside['allOf']) ? (beside['allOf'] as unknown[]) : []
    return { ...beside, allOf: [...all, { $ref }] }
  }
  return rendered
}
