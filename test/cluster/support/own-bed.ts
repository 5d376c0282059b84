import { type Part, type StartedBed, startBed } from '../cluster.ts'
import { attach, type Cluster } from './cluster.ts'

export interface OwnBed {
  readonly cluster: Cluster
  /** Takes it away; when it returns nothing is left. */
  close(): Promise<void>
}

/**
 * A bed for one file that breaks what others stand on, with no more parts than it needs: so it breaks nothing of theirs, and they need not wait.
 * @param parts beside the control plane and the Git server
 * @throws Error with the last lines of the program that did not come up
 */
export async function openOwnBed(parts: readonly Part[]): Promise<OwnBed> {
  const said: string[] = []
  const started: StartedBed = await startBed({ say: (line) => said.push(line), parts }).catch((error: unknown) => {
    throw new Error(`the file's own bed did not come up: ${String(error)}; it said: ${said.join('; ')}`, {
      cause: error,
    })
  })
  return { cluster: attach(started.bed.folder), close: started.stop }
}
