import type { Deployed } from '../../domain/publication.ts'
import type { Chart } from '../ledger/endpoints.ts'
import type { DeployAddress } from '../render/application.ts'

/** The files that operations edit, with what earlier ones of the same batch wrote. */
export interface Draft {
  readonly deployed: Deployed
  readonly chart: Chart
  readonly address: DeployAddress
  read(path: string): string | undefined
  write(path: string, text: string | null): void
}

/** Thrown inside an operation to drop it whole: nothing of it is written. */
export class Dropped extends Error {}
