import { specKinds } from '../../domain/specs.generated.ts'

/** Where schemas are found: the address of each is this and its file. */
export const publicSchemas = 'https://specyard.dev/schemas/v1'
/** Where an editor finds them that has none of its own: in the draft that editors read. */
export const publicEditorSchemas = `${publicSchemas}/draft-07`

/** `TrainingJob` → `training-job.schema.json`. */
export function schemaFile(kind: string): string {
  return `${kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.schema.json`
}

/**
 * Puts the line above a document by which editors find its schema, unless there is one.
 * @param text of one document, as it is printed
 * @param kind as the document says it
 * @param base folder or address of the schemas, without a slash at its end
 */
export function withModeline(text: string, kind: unknown, base: string): string {
  const known = specKinds.find((one) => one === kind)
  if (known === undefined || /^#\s*yaml-language-server\s*:/m.test(text)) return text
  const line = `# yaml-language-server: $schema=${base}/${schemaFile(known)}\n`
  const marker = /^---[ \t]*\n/m.exec(text)
  if (!marker) return /^---/m.test(text) ? text : `${line}${text}`
  const begin = marker.index + marker[0].length
  return `${text.slice(0, begin)}${line}${text.slice(begin)}`
}
