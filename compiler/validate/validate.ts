import type { Place, Problem } from '../../domain/problem.ts'
import {
  type Dataset,
  type Environment,
  type Model,
  type Policy,
  type PromptTemplate,
  type ServingEndpoint,
  type SpecKind,
  specKinds,
  type TrainingJob,
} from '../../domain/specs.generated.ts'
import { type Document, withParts } from '../load/document.ts'
import { problem } from '../problem.ts'
import { isSopsDocument } from '../secrets/sops.ts'
import { explainErrors, type Locator } from './explain.ts'
import { nearest } from './nearest.ts'
import { type Repaired, repair } from './repair.ts'
import * as sound from './sound.built.js'
import * as validators from './validators.built.js'

interface Kinds {
  readonly TrainingJob: TrainingJob
  readonly ServingEndpoint: ServingEndpoint
  readonly Environment: Environment
  readonly Dataset: Dataset
  readonly Model: Model
  readonly PromptTemplate: PromptTemplate
  readonly Policy: Policy
}

/** A document that fits the schema of its kind. */
export type SpecOf<Kind extends SpecKind> = {
  readonly kind: Kind
  readonly document: Document
  readonly value: Kinds[Kind]
}
/** A document of a known kind that does not fit its schema: what names it is no reference to nothing. */
export interface BrokenSpec {
  readonly kind: SpecKind
  /** Empty for what belongs to no project. */
  readonly project: string
  readonly name: string
}
export type Spec = { [Kind in SpecKind]: SpecOf<Kind> }[SpecKind]
/** A spec that nothing refers to and that does not fit its schema, made to fit. */
export interface RepairedSpec {
  readonly spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'>
  /** JSON pointers of what nobody wrote so. */
  readonly invented: readonly string[]
}

const apiVersion = 'specyard.dev/v1'

export interface Validated {
  readonly spec?: Spec
  readonly broken?: BrokenSpec
  readonly repaired?: RepairedSpec
  readonly problems: readonly Problem[]
}

const none: readonly Problem[] = []

/** Checks a document against the schema of its kind; all its problems at once. */
export function validateDocument(document: Document): Validated {
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const hint = `begin with apiVersion: ${apiVersion} and kind: one of ${specKinds.join(', ')}`
    return { problems: [problem('DOCUMENT_NOT_MAPPING', document.locate(''), 'a spec must be a mapping', { hint })] }
  }
  const { kind, apiVersion: version } = value as { kind?: unknown; apiVersion?: unknown }
  if (isSopsDocument(value)) return { problems: encryptedProblems(version, document) }
  const known = specKinds.find((one) => one === kind)
  const found = known === undefined ? none : validateValue(known, value, document)
  if (known !== undefined && version === apiVersion && found.length === 0)
    return { spec: { kind: known, document, value } as Spec, problems: none }
  const head = [...checkKind(kind, document), ...checkVersion(version, document)]
  const broken = brokenSpec(value)[0]
  const toldOf = [...document.told, ...head.map((one) => one.where)]
  const problems = [...withoutTold(head, document.told), ...withoutTold(withDisagreement(found, document), toldOf)]
  const repaired = known === undefined ? undefined : repairSpec(known, value, document)
  return { problems, ...(broken ? { broken } : {}), ...(repaired ? { repaired } : {}) }
}

/** What decides where a spec runs or who it is: without it nothing can be said about the rest. */
const decisive = ['/apiVersion', '/kind', '/metadata', '/metadata/name', '/metadata/project', '/spec']

function repairSpec(kind: SpecKind, value: object, document: Document): RepairedSpec | undefined {
  if (kind !== 'TrainingJob' && kind !== 'ServingEndpoint') return undefined
  const repaired = repairValue(kind, value)
  if (!repaired) return undefined
  const spec = { kind, document: withParts(document, { value: repaired.value }), value: repaired.value }
  return { spec: spec as RepairedSpec['spec'], invented: repaired.invented }
}

/** A value made to fit the schema of a kind; undefined where too little is left of it to say anything about the rest. */
export function repairValue(kind: SpecKind, value: unknown): Repaired | undefined {
  const validate = validators[kind]
  const repaired = repair(kind, value, (one) => (validate(one) ? undefined : (validate.errors ?? [])))
  const isKnown = !repaired?.invented.some((one) => decisive.includes(one) || /^\/spec\/environments?$/.test(one))
  return isKnown ? repaired : undefined
}

/** Without what another problem says already about the same place. */
export function withoutTold(problems: readonly Problem[], told: readonly Place[]): readonly Problem[] {
  if (told.length === 0) return problems
  const places = new Set(told.map(({ file, line, column }) => `${file}:${line}:${column}`))
  return problems.filter(({ where: { file, line, column } }) => !places.has(`${file}:${line}:${column}`))
}

/** Checks a value, e.g. a spec after its overlay, against the schema of a kind. */
export function validateValue(kind: SpecKind, value: unknown, at: Locator): readonly Problem[] {
  // Nearly every value is sound. What tells what is wrong is long, and is asked then alone.
  if (sound[kind](value)) return none
  const validate = validators[kind]
  if (validate(value)) return none
  return explainErrors(kind, value, validate.errors ?? [], at)
}

/** Who a document would be if it were valid, where it says so; one or none. */
export function brokenSpec(value: unknown): readonly BrokenSpec[] {
  if (typeof value !== 'object' || value === null) return []
  const { kind, metadata } = value as { kind?: unknown; metadata?: unknown }
  const { name, project = '' } = (metadata ?? {}) as Record<string, unknown>
  // A misspelt kind is told where it stands; what names the document needs not be told too.
  const known =
    typeof kind === 'string' ? (specKinds.find((one) => one === kind) ?? nearest(kind, specKinds)) : undefined
  if (known === undefined || typeof name !== 'string' || typeof project !== 'string') return []
  return [{ kind: known as SpecKind, project: known === 'Environment' || known === 'Policy' ? '' : project, name }]
}

/** What SOPS encrypted is somebody else's and passes, but for a spec: it would be as if it were not there. */
function encryptedProblems(version: unknown, document: Document): readonly Problem[] {
  if (version !== apiVersion) return []
  const message = 'this spec is encrypted with SOPS, and specs are read as they stand'
  const hint = 'keep it readable: encrypt a Secret instead, and name that in env as { secret: …, key: … }'
  return [problem('SPEC_ENCRYPTED', document.locateKey('/sops'), message, { hint })]
}

function checkKind(kind: unknown, document: Document): readonly Problem[] {
  if ((specKinds as readonly unknown[]).includes(kind)) return []
  const near = typeof kind === 'string' ? nearest(kind, specKinds) : undefined
  const list = `use one of: ${specKinds.join(', ')}`
  const message = kind === undefined ? 'the document names no kind' : `the kind ${JSON.stringify(kind)} is not known`
  const where = kind === undefined ? document.locate('') : document.locate('/kind')
  return [problem('KIND_UNKNOWN', where, message, { hint: near === undefined ? list : `did you mean ${near}?` })]
}

function checkVersion(version: unknown, document: Document): readonly Problem[] {
  if (version === apiVersion) return []
  const message =
    version === undefined
      ? 'the document names no apiVersion'
      : `the apiVersion ${JSON.stringify(version)} is not known`
  const where = version === undefined ? document.locate('') : document.locate('/apiVersion')
  return [problem('API_VERSION_UNKNOWN', where, message, { hint: `write apiVersion: ${apiVersion}` })]
}

/** A document that fails is read a second time by another parser; should that read another value, the person must know. */
function withDisagreement(problems: readonly Problem[], document: Document): readonly Problem[] {
  if (problems.length === 0 || document.agrees()) return problems
  const hint = 'write it in a plainer way: quote texts, avoid tags'
  return [
    ...problems,
    problem('YAML_PARSERS_DISAGREE', document.locate(''), 'two YAML parsers read this document differently', { hint }),
  ]
}
