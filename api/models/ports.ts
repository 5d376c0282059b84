import type { Problem } from '../../domain/problem.ts'

export interface Registered {
  readonly project: string
  readonly model: string
  readonly version: number
  readonly digest: string
  /** Of the deploy repository; null where the version was there already. */
  readonly commit: string | null
  /** Where it stands in the registry; null where none is connected. */
  readonly registry: { readonly name: string; readonly version: string; readonly url: string } | null
}

/** A change of the spec repository that waits for a person. */
export interface ProposedChange {
  readonly kind: 'proposed'
  readonly path: string
  readonly commit: string | null
  readonly branch: string | null
  readonly pullRequest: string | null
}

export type Proposing =
  | ProposedChange
  | { readonly kind: 'unchanged'; readonly message: string }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** What is done with models and their versions. Every function may throw a `Fault`. */
export interface ModelPorts {
  /** Makes a model version of a run, ours by name or id or the tracker's by its id; the same one again is the same version. */
  register(
    run: string,
    wanted: RegisterWish,
  ): Promise<Registered | Extract<Proposing, { kind: 'problems' | 'refused' }>>
  /** Logs the two specs as artifacts of a run of the tracker. @returns their paths */
  attach(
    run: string,
    specs: { readonly model: string | null; readonly endpoint: string | null },
  ): Promise<
    | { readonly artifacts: readonly string[]; readonly url: string }
    | Extract<Proposing, { kind: 'problems' | 'refused' }>
  >
  /** Proposes the Serving Endpoint Spec that the run of a model version left. @param version `model@1`, `project/model@1` */
  deploy(version: string): Promise<Proposing>
  /** Proposes that the next environment serves what this one does. */
  promote(
    from: { readonly environment: string; readonly project: string; readonly name: string },
    to: string,
  ): Promise<Proposing>
}

export interface RegisterWish {
  /** Instead of what the run or its Serving Model Spec says. */
  readonly project: string | null
  readonly model: string | null
}
