import type { Branches } from '../domain/branches.ts'
import type { EnvironmentLedger, SourceRecord } from '../domain/ledger.ts'
import type { RunKey } from '../domain/names.ts'
import type { EndpointPlan, TrainingPlan } from '../domain/plan.ts'
import type { Place, Problem } from '../domain/problem.ts'
import type { KubernetesSchemas, KubernetesVersion } from './manifest/schemas.ts'
import type { Change, Deployed, Files, SourceFile } from '../domain/publication.ts'
import type { DeployAddress } from './render/application.ts'
import type { Memory } from './load/memory.ts'
import type { Beside, Part } from './parts.ts'
import type { Catalogue } from './resolve/catalogue.ts'
import type { SpecOf } from './validate/validate.ts'

/** All that a compilation depends on. Equal inputs give equal bytes, on every machine. */
export interface CompileInput {
  readonly sources: readonly SourceFile[]
  readonly source: SourceRecord
  readonly deployed: Deployed
  /** The chart `serving-endpoint` that new endpoints are pinned to: its files by their path inside the chart. */
  readonly chart: { readonly version: string; readonly files: Files }
  /** How Argo CD reaches the deploy repository; written into Applications. */
  readonly deploy: DeployAddress
  /** specyard.yaml; without it no project has templates or patches of its own. */
  readonly settings?: SourceFile | undefined
  /** Wanted where there are templates or patches, or manifests are checked: what the API server takes. */
  readonly kubernetes?: KubernetesSchemas | undefined
  /** In the stead of what Environments say. */
  readonly kubernetesVersion?: KubernetesVersion | undefined
  /**
   * Whether every manifest that is new is held against the API server's schemas, also what our own template makes: for whoever publishes, or says what
   * publishing would do. It is done as well where a version is named.
   */
  readonly checksManifests?: boolean
  /** Places where a secret stands in the sources, found before: the rules for that are not pure. */
  readonly secrets?: readonly FoundSecret[]
  /** What judges by policies, `compiler/policy/judge.ts`; wanted where there are any. Handed over, because most have none and it takes time to load. */
  readonly judge?: Judge | undefined
  /** Specs that are not among the sources, and stand beside them all the same. */
  readonly beside?: Beside | undefined
}

/** A literal secret in a source, by its place alone: its text goes nowhere. */
export interface FoundSecret {
  readonly where: Place
  /** What it is, such as `a token of GitHub`. */
  readonly what: string
}

/** What policies say of what is newly rendered. */
export type Judge = (input: CompileInput, known: Catalogue, rendered: readonly Rendered[]) => readonly Problem[]

/** A file that is to be published and is not yet, as it was rendered. */
export interface Rendered {
  readonly path: string
  readonly text: string
  readonly environment: string
  readonly project: string
  /** Whether it holds the values of an endpoint, instead of what Kubernetes gets. */
  readonly isValues: boolean
  /** Null for what belongs to no single spec. */
  readonly plan: TrainingPlan | EndpointPlan | null
  readonly spec: SpecOf<'TrainingJob'> | SpecOf<'ServingEndpoint'> | null
  /** Where it is what a retry would publish: the path of the first attempt. What is said of that is not said again. */
  readonly retryOf?: string
}

/** What a compilation may be helped and watched with. */
export interface Aids {
  /** Of earlier compilations: what has not changed is not read and checked again. */
  readonly memory?: Memory | undefined
  /** Called between files and between specs; what it throws ends the compilation. */
  readonly pulse?: (() => void) | undefined
  /** Told, where there is a tree, what each file of specs has added to it, by its path. */
  readonly learn?: ((parts: ReadonlyMap<string, Part>) => void) | undefined
}

export interface CompileResult {
  /** In the order of places. With an error among them nothing else is filled in. */
  readonly problems: readonly Problem[]
  /** Every owned file as it should be, ledger, source and drift files left out; null when there are errors. */
  readonly tree: Files | null
  /** The ledger files that change. */
  readonly ledgerEdits: Change
  /** What a commit would change: tree and ledger against what is deployed, without files that somebody else changed. */
  readonly change: Change
  readonly impact: Impact
  /** Where the workloads of each environment run, for those who connect clusters. */
  readonly environments: readonly EnvironmentLedger[]
  /** The environments where what changes waits for a pull request. */
  readonly pullRequests: readonly string[]
  /** Of the environments that have a branch of their own. */
  readonly branches: Branches
}

/** Another release of an endpoint: in the place of the one before, or beside it. */
export interface Release {
  readonly key: RunKey
  readonly modelVersion: number
  readonly revision: number
  /** Per cent of the requests with which it begins, and the revision that it stands beside; left out where it takes the place. */
  readonly beside?: { readonly weight: number; readonly revision: number }
}

export interface KeptRun {
  readonly key: RunKey
  readonly runId: string
  readonly ended: boolean
  /** What it would begin with today; it goes on with the plan that the ledger has. */
  readonly plan: TrainingPlan
}

/** What publishing would do, before it is done. */
export interface Impact {
  readonly starts: readonly TrainingPlan[]
  readonly supersedes: readonly { readonly key: RunKey; readonly oldRunId: string; readonly newRunId: string }[]
  readonly cancels: readonly { readonly key: RunKey; readonly runId: string }[]
  /** Runs that go on unchanged. */
  readonly keeps: readonly KeptRun[]
  readonly releases: readonly Release[]
  /** Endpoints whose candidate goes because the spec asks for the stable release again. */
  readonly ends: readonly RunKey[]
  readonly waits: readonly { readonly key: RunKey; readonly reason: 'WAITING_FOR_MODEL'; readonly message: string }[]
  readonly removes: readonly RunKey[]
}
