import type { AskedOfJob } from './asked.ts'

/*
 * What `specyard observe` sees of a deploy repository: objects as their files have them, and who wrote which line.
 */

/** The head of one branch. */
export interface DeployFiles {
  /** Address as it may be shown. */
  readonly repository: string
  /** Other addresses of the same repository: where a clone on this machine came from. */
  readonly aliases: readonly string[]
  readonly branch: string
  readonly head: string
  readonly objects: readonly DeclaredObject[]
  /** Chart templates and the like, which hold Jobs and are no YAML before they are rendered. */
  readonly templates: readonly Template[]
  /** Folders of charts, and of kustomizations with what they are made of (paths from the root). */
  readonly charts: readonly string[]
  readonly kustomizations: ReadonlyMap<string, readonly string[]>
  readonly unreadable: readonly { readonly path: string; readonly line: number; readonly message: string }[]
  /** What Specyard's ledger says of a run; undefined where there is no ledger, or nothing of it. */
  runOf(id: string): { readonly spec: string; readonly sourceCommit: string | null } | undefined
}

export type DeclaredKind = 'Job' | 'CronJob' | 'Application'

/** An object in a file. */
export interface DeclaredObject {
  readonly kind: DeclaredKind
  readonly path: string
  /** On which it begins. */
  readonly line: number
  /** Empty where it has none. */
  readonly name: string
  readonly generateName: string
  /** Empty where its Application says it. */
  readonly namespace: string
  readonly annotations: Readonly<Record<string, string>>
  /** Of a Job, or of the Jobs of a CronJob. */
  readonly asked: AskedOfJob
  /** Line of the value at a JSON pointer, or of what is nearest above it. */
  lineOf(pointer: string): number
  /** Whether the file has a value at a JSON pointer. */
  has(pointer: string): boolean
  /** The newest change of any line of it; null where Git was not asked. */
  readonly change: Change | null
}

export interface Template {
  readonly path: string
  /** On which its Job begins to be one: `kind: Job`. */
  readonly line: number
  /** Of `ttlSecondsAfterFinished`; null where it has none. */
  readonly ttlLine: number | null
  readonly change: Change | null
}

/** A commit, and who let it in. */
export interface Change {
  readonly commit: string
  readonly subject: string
  /** `Name <address>`. */
  readonly author: string
  readonly at: Date
  /** Who stands in `Reviewed-by`, `Approved-by` and `Acked-by`. */
  readonly approvedBy: readonly string[]
  /** The merge that brought it to the branch; null for what was pushed there, or squashed. */
  readonly merged: { readonly commit: string; readonly by: string } | null
  /** As a forge wrote it into a subject or message, e.g. `#41`, `!7`; null where none did. */
  readonly request: string | null
}
