import { compile } from 'json-schema-to-typescript'

export type Schema = { readonly title: string; readonly [key: string]: unknown }

/** TypeScript types of every kind, from its schema, and the list of kinds. */
export async function generateTypes(schemas: readonly Schema[]): Promise<string> {
  const types: string[] = []
  for (const schema of schemas) {
    types.push(
      await compile(withoutInnerTitles(schema) as Parameters<typeof compile>[0], schema.title, {
        bannerComment: '',
        additionalProperties: false,
        ignoreMinAndMaxItems: true,
        style: { singleQuote: true, semi: false, printWidth: 120 },
      }),
    )
  }
  const kinds = schemas.map((schema) => `'${schema.title}'`).join(', ')
  const union = schemas.map((schema) => schema.title).join(' | ')
  return [
    '// Made of schemas/*.schema.json by `npm run generate`. Do not edit.',
    '',
    `export const specKinds = [${kinds}] as const`,
    'export type SpecKind = (typeof specKinds)[number]',
    `export type AnySpec = ${union}`,
    '',
    ...types,
  ].join('\n')
}

/** A title of an inner schema would become an interface of its own, and every kind has a «Spec» and a «Metadata». */
function withoutInnerTitles(schema: Schema): unknown {
  const strip = (value: unknown, isProperties: boolean): unknown => {
    if (Array.isArray(value)) return value.map((one) => strip(one, false))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => isProperties || (key !== 'title' && key !== 'examples'))
        .map(([key, inner]) => [key, strip(inner, !isProperties && key === 'properties')]),
    )
  }
  return { ...(strip(schema, false) as object), title: schema.title }
}

/** The type of the values that the chart takes, from the schema that Helm checks them by. */
export async function generateChartValues(schema: Schema): Promise<string> {
  const type = await compile(withoutInnerTitles(schema) as Parameters<typeof compile>[0], schema.title, {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, semi: false, printWidth: 120 },
  })
  return `// Made of charts/serving-endpoint/values.schema.json by \`npm run generate\`. Do not edit.\n\n${type}`
}
