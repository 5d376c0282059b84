import { DEFAULT_SCHEMA, load, Type } from 'js-yaml'
import { limits } from './limits.ts'
import { splitDocuments } from './text.ts'

/** Booleans as YAML 1.1 has them: Kubernetes' own reader takes `yes` for true, which would pass a look that takes it for a text. */
const booleans = new Type('tag:yaml.org,2002:bool', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && /^(?:true|false|yes|no|on|off|y|n)$/i.test(text),
  construct: (text: unknown) => /^(?:true|yes|on|y)$/i.test(text as string),
})
const schema = DEFAULT_SCHEMA.extend({ implicit: [booleans] })

/**
 * Reads the documents of a rendered file as Kubernetes will: merge keys, YAML 1.1's booleans, and the items of lists each for itself.
 * @throws YAMLException for what is no YAML
 */
export function readManifests(text: string): readonly unknown[] {
  return splitDocuments(text).flatMap((segment) => {
    const value: unknown = load(segment.text, { schema, maxDepth: limits.depth } as Parameters<typeof load>[1])
    return itemsOf(value)
  })
}

function itemsOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return []
  const { kind, items } = value as { kind?: unknown; items?: unknown }
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items.flatMap(itemsOf) : [value]
}
