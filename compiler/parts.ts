import { paths } from '../domain/ledger.ts'
import type { EndpointPlan, TrainingPlan } from '../domain/plan.ts'
import type { Files } from '../domain/publication.ts'
import { uniqueName } from './resolve/catalogue.ts'
import { addressOf } from './resolve/routes.ts'
import type { Spec } from './validate/validate.ts'

/*
 * Trainings and endpoints refer to other kinds of specs, and to no spec of their own kinds. So of a file that holds nothing else everything that comes
 * of it depends on that file, on what is none of these files, and on its own entries of the ledger; all that others may ask of it is a part as below.
 */

/** What a file of specs has added to a compilation. */
export interface Part {
  /** Whether it holds trainings and endpoints alone, so that no other spec depends on what is written in it. */
  readonly isLeaf: boolean
  /** Names that no other spec may have. */
  readonly names: readonly string[]
  /** Addresses that no other endpoint may have. */
  readonly addresses: readonly string[]
  /** Folders with the jobs of its trainings. */
  readonly folders: readonly JobsFolder[]
  /** Versions of the chart that its endpoints need. */
  readonly charts: readonly string[]
  /** Paths of its entries in the ledger. */
  readonly entries: readonly string[]
  /** Paths of its files in the tree. */
  readonly outputs: readonly string[]
}

export interface JobsFolder {
  readonly environment: string
  readonly project: string
  /** Whether a job in it waits in a queue. */
  readonly queues: boolean
}

/** What the parts of specs that are not among the sources mean for files that belong to no single spec. */
export type Beside = Pick<Part, 'folders' | 'charts'>

type Growing = { -readonly [Key in keyof Part]: Part[Key] extends readonly (infer One)[] ? One[] : Part[Key] }

/** Notes what each file of specs adds, while it is compiled. */
export class Learning {
  private readonly growing = new Map<string, Growing>()

  constructor(specs: readonly Spec[]) {
    for (const spec of specs) {
      const part = this.of(spec.document.file)
      part.names.push(uniqueName(spec))
      part.isLeaf &&= spec.kind === 'TrainingJob' || spec.kind === 'ServingEndpoint'
    }
  }

  /** By the path of the file. One without any spec is missing. */
  get parts(): ReadonlyMap<string, Part> {
    return this.growing
  }

  training(plan: TrainingPlan, files: Files): void {
    const part = this.of(plan.source.path)
    const { environment, project, queue } = plan
    part.folders.push({ environment, project, queues: queue !== null })
    part.entries.push(paths.runLedger(plan))
    part.outputs.push(...files.keys())
  }

  endpoint(plan: EndpointPlan, files: Files, charts: readonly string[]): void {
    const part = this.of(plan.source.path)
    const address = addressOf(plan)
    if (address !== null) part.addresses.push(`${plan.environment} ${address}`)
    part.charts.push(...charts)
    part.entries.push(paths.endpointLedger(plan))
    part.outputs.push(...files.keys())
  }

  private of(file: string): Growing {
    const known = this.growing.get(file)
    if (known) return known
    const part = { isLeaf: true, names: [], addresses: [], folders: [], charts: [], entries: [], outputs: [] }
    this.growing.set(file, part)
    return part
  }
}
