import { stringify } from 'yaml'
import type { Json } from '../../domain/canonical.ts'
import { publicEditorSchemas, withModeline } from '../format/modeline.ts'
import { findSpec, setValue, type SpecName } from './set-value.ts'

/**
 * Raises `spec.rerun` of one spec in the text of its file by one. Comments and layout stay as they are.
 * @throws Fault FILE_FAILED when the text does not hold that spec, or cannot be read
 */
export function raiseRerun(text: string, wanted: SpecName): string {
  const now = findSpec(text, wanted).getIn(['spec', 'rerun'])
  return setValue(text, wanted, ['spec', 'rerun'], (typeof now === 'number' ? now : 0) + 1)
}

/** The text of a spec file for a spec that came as JSON. */
export function writeSpec(value: Json): string {
  return withModeline(stringify(value, { lineWidth: 120 }), 'TrainingJob', publicEditorSchemas)
}

/** Any value as the text of a YAML document, for people to read. */
export function writeYaml(value: Json): string {
  return stringify(value, { lineWidth: 0 })
}
