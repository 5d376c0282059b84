import { writeYaml } from '../../compiler/load/edit.ts'
import type { Json } from '../../domain/canonical.ts'
import { withoutCredentials } from '../../publisher/git/address.ts'
import type { Observed } from '../../reconciler/observed/document.ts'
import { observedText, type TextOptions } from './text.ts'

export const outputs = ['table', 'wide', 'json', 'yaml'] as const
export type ObserveOutput = (typeof outputs)[number]

/** What was observed, as it is printed. */
export function printed(observed: Observed, output: ObserveOutput, least: TextOptions['least']): string {
  switch (output) {
    case 'table':
    case 'wide':
      return observedText(observed, { wide: output === 'wide', least })
    case 'json':
      return `${JSON.stringify(observed, null, 2)}\n`
    case 'yaml':
      return writeYaml(JSON.parse(JSON.stringify(observed)) as Json)
  }
}

/** Every text without the user names and passwords of addresses: Applications may hold them, and messages of Argo CD quote them. */
export function withoutSecrets(observed: Observed): Observed {
  return cleaned(observed) as Observed
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return withoutCredentials(value)
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one)]))
}
