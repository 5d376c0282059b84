import { readdirSync } from 'node:fs'
import type { Waiting } from '../../domain/proposal.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { DeployBranches } from '../../publisher/branches/open.ts'
import { headOnDisk } from '../../publisher/deploy.ts'
import { readSealed, type Seal, writeSealed } from '../cache/sealed.ts'
import { gitEnvironment } from '../house/environment.ts'
import { openDeploy } from '../house/repositories.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'
import type { CachePlace } from './aids.ts'
import { nothingDeployed } from './compile-specs.ts'

/**
 * What is published, for commands that only look: they make no deploy repository where there is none yet.
 * @throws Fault as `DeployRepository.read`
 */
export async function readDeployed(world: World, settings: Settings): Promise<Deployed> {
  return (await openThere(world, settings))?.read() ?? nothingDeployed
}

/** The same, with what waits for a pull request. @throws Fault as `DeployRepository.waiting` */
export async function readDeployedAndWaiting(
  world: World,
  settings: Settings,
): Promise<{ readonly deployed: Deployed; readonly waiting: readonly Waiting[] }> {
  const deploy = await openThere(world, settings)
  if (!deploy) return { deployed: nothingDeployed, waiting: [] }
  return { deployed: await deploy.read(), waiting: await deploy.waiting() }
}

async function openThere(world: World, settings: Settings): Promise<DeployBranches | undefined> {
  if (settings.embeddedDeploy && !isAnythingIn(settings.deployRepository)) return undefined
  return openDeploy(settings, gitEnvironment(world.environment), world.now)
}

function isAnythingIn(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch (error) {
    // Of a folder that is there and cannot be read, Git tells better.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** Of one commit. A larger one is asked of Git each time. */
const bytesMax = 32 * 1024 * 1024
/** Of so many other commits. */
const kept = 4

/**
 * The same, remembered by its commit where the deploy repository is the embedded one: the commit at its head is then read from its files, and
 * Git is asked for what is in it the first time alone.
 * @param place of the cache; undefined to do without
 * @throws Fault as `readDeployed`
 */
export async function recallDeployed(
  world: World,
  settings: Settings,
  place: CachePlace | undefined,
): Promise<Deployed> {
  // Which commits are ours depends on who has signed them, where they are signed, and not on their bytes alone.
  const isOurs = settings.embeddedDeploy && settings.signCommits !== true
  const commit = place && isOurs ? headOnDisk(settings.deployRepository, settings.deployBranch) : undefined
  if (!place || commit === undefined) return readDeployed(world, settings)
  const known = readSealed(sealOf(place, commit))
  if (known !== undefined) return deployedOf(known as Row)
  const deployed = await readDeployed(world, settings)
  // What several branches hold is not told by the commit of one.
  if (deployed.commit !== null && !deployed.branches)
    writeSealed(sealOf(place, deployed.commit), { ...deployed, files: [...deployed.files] } satisfies Row, kept)
  return deployed
}

type Row = Omit<Deployed, 'files'> & { readonly files: readonly (readonly [path: string, text: string])[] }

function deployedOf({ files, ...deployed }: Row): Deployed {
  return { ...deployed, files: new Map(files) }
}

function sealOf({ folder, maker }: CachePlace, commit: string): Seal {
  return { folder, kind: 'deployed', maker, about: [commit], bytesMax }
}
