import { isMap, parseAllDocuments, stringify, type Document as YamlDocument } from 'yaml'
import type { Json } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import { loadDocuments } from './document.ts'

/** Which document of a file is meant. */
export interface SpecName {
  readonly kind: string
  readonly project: string
  readonly name: string
}

/**
 * Raises `spec.rerun` of one spec in the text of its file by one. Comments and layout stay as they are.
 * @throws Fault FILE_FAILED when the text does not hold that spec, or cannot be read
 */
export function raiseRerun(text: string, wanted: SpecName): string {
  // The guard of the loader comes first: not every text may be shown to the parser that keeps comments.
  const loaded = loadDocuments({ path: 'spec', bytes: new TextEncoder().encode(text) })
  const documents = loaded.problems.length > 0 ? [] : (parseAllDocuments(text) as readonly YamlDocument[])
  const found = documents.find((document) => {
    const name = [document.get('kind'), document.getIn(['metadata', 'project']), document.getIn(['metadata', 'name'])]
    return name.join(' ') === `${wanted.kind} ${wanted.project} ${wanted.name}`
  })
  const spec = found?.get('spec')
  if (!found || !isMap(spec)) {
    throw new Fault('FILE_FAILED', `the file no longer holds ${wanted.kind} ${wanted.project}/${wanted.name}`, {
      retry: 'never',
      hint: 'restore the spec, then raise spec.rerun in it',
    })
  }
  const now = spec.get('rerun')
  const raised = (typeof now === 'number' ? now : 0) + 1
  const scalar = spec.get('rerun', true) as { range?: readonly number[] } | undefined
  const [from, to] = scalar?.range ?? []
  if (from !== undefined && to !== undefined) return `${text.slice(0, from)}${raised}${text.slice(to)}`
  if (spec.flow) {
    const begin = (spec.range?.[0] ?? 0) + 1
    return `${text.slice(0, begin)} rerun: ${raised},${text.slice(begin)}`
  }
  const begin = spec.range?.[0] ?? 0
  const indent = ' '.repeat(begin - (text.lastIndexOf('\n', begin - 1) + 1))
  return `${text.slice(0, begin)}rerun: ${raised}\n${indent}${text.slice(begin)}`
}

/** The text of a spec file for a spec that came as JSON. */
export function writeSpec(value: Json): string {
  const modeline = '# yaml-language-server: $schema=https://specyard.dev/schemas/v1/training-job.schema.json\n'
  return modeline + stringify(value, { lineWidth: 120 })
}

/** Any value as the text of a YAML document, for people to read. */
export function writeYaml(value: Json): string {
  return stringify(value, { lineWidth: 0 })
}
