import { commitOf } from '../../domain/branches.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import type { LogEntry, ReconcilerPorts } from '../../reconciler/ports.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import type { TrackerSource } from '../../reconciler/sources/tracker.ts'
import type { Records } from '../../records/records.ts'
import type { ProcessEnvironment } from './environment.ts'
import { logWithPulls } from './merged-pulls.ts'
import { openMonitoring } from './monitoring.ts'
import { proposeWish } from '../models/wish.ts'
import type { Opened } from './open.ts'

/** What a reconciler works with, made of the opened parts. */
export function reconcilerPorts(house: {
  readonly opened: Opened
  /** Fenced where several reconcilers may run. */
  readonly records: Records
  cluster(environment: string): ClusterSource | undefined
  readonly tracker: TrackerSource | undefined
  /** Its variables say what monitoring is asked. */
  readonly environment: ProcessEnvironment
  /** Hears each ledger that was read, before anything is decided by it. */
  heard(ledger: LedgerView): Promise<void> | void
  replaced?: ReconcilerPorts['replaced']
  now(): Date
  log(entry: LogEntry): void
}): ReconcilerPorts {
  const { opened, records, tracker, heard, now, log } = house
  return {
    records,
    live: opened.live,
    cluster: (environment) => house.cluster(environment),
    tracker: () => tracker,
    ...openMonitoring(house.environment),
    registry: opened.registry,
    propose: (endpoint, version, why) => proposeWish(opened, endpoint, version, why),
    deploy: {
      read: async () => {
        const deployed = await opened.deploy.read()
        const ledger = { ...readLedger(deployed.files), drifted: deployed.drifted }
        await heard(ledger)
        return { commit: deployed.commit, headOf: (environment) => commitOf(deployed, environment), ledger }
      },
      log: logWithPulls(opened),
    },
    operate: opened.operate,
    rules: opened.settings.graces,
    mintToken: (lease) => opened.tokens.mint(lease),
    ...(house.replaced ? { replaced: house.replaced } : {}),
    now,
    log,
  }
}
