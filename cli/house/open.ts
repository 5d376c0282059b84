import { join } from 'node:path'
import { readOrCreateSigningKey } from '../../api/signing-key.ts'
import { createTokens, type Tokens } from '../../api/tokens.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'
import { allOf, type Publication } from '../../domain/publication.ts'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { memoryLiveState } from '../../local/live.ts'
import type { DeployBranches } from '../../publisher/branches/open.ts'
import { openDatabase, type PoolLike } from '../../records/database.ts'
import type { SpecRepository } from '../../publisher/spec-repository.ts'
import type { LiveState } from '../../records/live.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import type { ModelRegistry } from '../../reconciler/sources/registry.ts'
import { openRedis } from '../../records/redis.ts'
import { preparedDatabase } from './prepared-database.ts'
import { gitEnvironment, type ProcessEnvironment } from './environment.ts'
import { publishOperations } from './operations.ts'
import { type DeployPullRequests, openPullRequests } from './pull-requests.ts'
import { openRegistry } from './registry.ts'
import { openDeploy, openSpecs } from './repositories.ts'
import type { Settings } from './settings.ts'

/** The parts that every command works with, wired for these settings. */
export interface Opened {
  readonly settings: Settings
  readonly gitEnvironment: ProcessEnvironment
  readonly records: Records
  readonly live: LiveState
  readonly deploy: DeployBranches
  /** The branch that the settings name, or else the working tree. */
  readonly specs: SpecRepository
  /** Of what waits to be merged into the deploy repository; undefined where no forge is known. */
  readonly pullRequests: DeployPullRequests | undefined
  readonly tokens: Tokens
  /** Undefined where no tracking server is named. */
  readonly registry: ModelRegistry | undefined
  /** Publishes operations as one commit; tells what became of each. */
  operate(operations: readonly Operation[]): Promise<readonly OperationResult[]>
  /** Hears every commit that this process made. */
  onPublication(listener: (publication: Publication) => void): void
  close(): Promise<void>
}

/**
 * Opens deploy repository, signing key, database and live state.
 * With the embedded default the caller holds the lock of the state folder.
 * @param first what is asked of the deploy repository before a database is opened, by those that cannot do without it
 */
export async function open(
  settings: Settings,
  environment: ProcessEnvironment,
  now: () => Date,
  first?: (deploy: DeployBranches) => Promise<unknown>,
): Promise<Opened> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const git = gitEnvironment(environment)
    // First, since what refuses a start refuses it at once: the embedded database takes seconds of work before it could be closed again.
    const deploy = await openDeploy(settings, git, now)
    await first?.(deploy)
    const key = await readOrCreateSigningKey(join(settings.stateFolder, 'signing-key'), settings.signingKey)
    const pool = await openPool(settings, closers)
    await migrate(pool, 'up')
    const live = settings.redisUrl ? await openRedis(settings.redisUrl) : memoryLiveState(now)
    closers.push(() => live.close())
    const listeners: ((publication: Publication) => void)[] = []
    const heard = hearPublications(deploy, (publication) => {
      for (const listener of listeners) listener(publication)
    })
    return {
      settings,
      gitEnvironment: git,
      records: openRecords(pool),
      live,
      deploy: heard,
      pullRequests: openPullRequests(settings, environment),
      specs: await openSpecs(settings, git, now, environment),
      tokens: createTokens(key, now),
      registry: openRegistry(environment),
      operate: (operations) =>
        publishOperations(heard, operations, { url: settings.deployUrl, branch: settings.deployBranch }),
      onPublication: (listener) => listeners.push(listener),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openPool(settings: Settings, closers: (() => Promise<void>)[]): Promise<PoolLike> {
  if (settings.databaseUrl) {
    const pool = await openDatabase(settings.databaseUrl)
    closers.push(() => pool.end())
    return pool
  }
  const embedded = await openEmbeddedDatabase(join(settings.stateFolder, 'database'), { prepared: preparedDatabase() })
  closers.push(() => embedded.close())
  return embedded.pool
}

function hearPublications(deploy: DeployBranches, heard: (publication: Publication) => void): DeployBranches {
  return {
    ...deploy,
    publish: async (request) => {
      const publication = await deploy.publish(request)
      for (const one of allOf(publication)) heard(one)
      return publication
    },
  }
}
