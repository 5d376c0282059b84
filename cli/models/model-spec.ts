import { loadDocuments } from '../../compiler/load/document.ts'
import { problem } from '../../compiler/problem.ts'
import { type ModelStage, modelStages } from '../../domain/plan.ts'
import type { Problem } from '../../domain/problem.ts'

/*
 * A Serving Model Spec: what a model version is, written by whoever made it. One YAML document of these keys:
 *
 * project: language
 * model: handbook-lm
 * uri: s3://models/handbook-lm/7
 * digest: sha256:…        of what is there: it is the version's identity
 * sizeBytes: 1234
 * framework: custom       may be left out, as stage
 * stage: experimental
 */

export interface ModelSpec {
  readonly project: string
  readonly model: string
  readonly uri: string
  readonly digest: string
  readonly sizeBytes: number
  readonly framework: string | null
  readonly stage: ModelStage
}

const rules: Readonly<Record<string, readonly [expected: string, fits: (value: unknown) => boolean]>> = {
  project: ['the name of a project', isName],
  model: ['the name of a model', isName],
  uri: ['an address without blanks', (value) => typeof value === 'string' && /^\S{1,2000}$/.test(value)],
  digest: [
    'sha256: and 64 hexadecimal digits',
    (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value),
  ],
  sizeBytes: ['a whole number of bytes', (value) => Number.isSafeInteger(value) && (value as number) >= 0],
  framework: ['a text', (value) => value === undefined || typeof value === 'string'],
  stage: [
    `one of ${modelStages.join(', ')}`,
    (value) => value === undefined || modelStages.includes(value as ModelStage),
  ],
}

/** Reads a Serving Model Spec, or all that is wrong with it, at its places in `file`. */
export function readModelSpec(
  text: string,
  file: string,
): { readonly spec: ModelSpec; readonly problems?: never } | { readonly problems: readonly Problem[] } {
  const { documents, problems } = loadDocuments({ path: file, bytes: new TextEncoder().encode(text) })
  const [document] = documents
  if (problems.length > 0) return { problems }
  const value = document?.value
  if (!document || typeof value !== 'object' || value === null || Array.isArray(value))
    return {
      problems: [problem('DOCUMENT_NOT_MAPPING', { file, line: 1, column: 1 }, 'a Serving Model Spec is a mapping')],
    }
  const given = value as Readonly<Record<string, unknown>>
  const found = Object.entries(rules).flatMap(([key, [expected, fits]]) => {
    if (fits(given[key])) return []
    if (given[key] === undefined) return [problem('KEY_MISSING', document.locate(''), `it lacks "${key}", ${expected}`)]
    return [problem('FORMAT_WRONG', document.locate(`/${key}`), `${key} is not ${expected}`)]
  })
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(rules, key))
  const all = [
    ...found,
    ...unknown.map((key) =>
      problem('KEY_UNKNOWN', document.locateKey(`/${key}`), `a Serving Model Spec has no key "${key}"`, {
        hint: `its keys are ${Object.keys(rules).join(', ')}`,
      }),
    ),
  ]
  if (all.length > 0) return { problems: all }
  const {
    project,
    model,
    uri,
    digest,
    sizeBytes,
    framework = null,
    stage = 'experimental',
  } = given as unknown as ModelSpec
  return { spec: { project, model, uri, digest, sizeBytes, framework, stage } }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
}
