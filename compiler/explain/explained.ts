import type { Json } from '../../domain/canonical.ts'
import type { RunKey } from '../../domain/names.ts'
import type { Place, Problem } from '../../domain/problem.ts'

/** Where one value comes from, as a person can look it up. */
export interface ExplainedOrigin {
  readonly from:
    | 'spec'
    /** What stands under `environments.<name>` of an endpoint. */
    | 'overlay'
    | 'environment'
    | 'dataset'
    | 'prompt-template'
    /** Built in: nobody wrote it. */
    | 'default'
    /** Made by Specyard of other values. */
    | 'made'
    /** The memory in the deploy repository. */
    | 'ledger'
    /** A patch of the Environment or of `specyard.yaml`. */
    | 'patch'
    /** The template that takes the place of Specyard's own. */
    | 'template'
    /** `specyard.yaml`. */
    | 'settings'
  /** The value, or what it was made of, in its file; null where it stands nowhere. */
  readonly where: Place | null
  /** What else is to say, e.g. how the value was made, or where it could be written; empty where nothing is. */
  readonly note: string
  /** What the spec says and an overlay put aside. */
  readonly overrides: { readonly where: Place; readonly value: Json } | null
  /** Where it could be written, and where it is, as a path into the document (`spec.timeoutSeconds`); null where it cannot. */
  readonly written: string | null
}

export interface ExplainedValue {
  /** Into the plan: `resources.gpus`, `variables.LOG_LEVEL.value`. */
  readonly path: string
  readonly value: Json
  readonly origin: ExplainedOrigin
}

export interface ExplainedFile {
  /** In the deploy repository. */
  readonly path: string
  readonly lines: readonly {
    readonly text: string
    /** Those that the line changes with, the most particular first; none for a line of the template itself. */
    readonly values: readonly ExplainedValue[]
  }[]
}

export interface Explained {
  readonly kind: 'TrainingJob' | 'ServingEndpoint'
  readonly key: RunKey
  readonly where: Place
  readonly values: readonly ExplainedValue[]
  readonly files: readonly ExplainedFile[]
  /** Why nothing is rendered; null when something is. */
  readonly waits: string | null
}

/** Answer to a question for one spec. */
export type Explanation =
  | { readonly is: 'explained'; readonly explained: Explained }
  /** Several specs or environments fit: each as it can be asked for. */
  | { readonly is: 'ambiguous'; readonly candidates: readonly Candidate[] }
  /** None does. */
  | { readonly is: 'unknown'; readonly candidates: readonly Candidate[] }
  | { readonly is: 'problems'; readonly problems: readonly Problem[] }

export interface Candidate {
  readonly kind: 'TrainingJob' | 'ServingEndpoint'
  readonly key: RunKey
  readonly file: string
}
