import { existsSync } from 'node:fs'
import type { Deployed } from '../../domain/publication.ts'
import { gitEnvironment } from '../house/environment.ts'
import { openDeploy } from '../house/repositories.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'
import { nothingDeployed } from './compile-specs.ts'

/**
 * What is published, for commands that only look: they make no deploy repository where there is none yet.
 * @throws Fault as `DeployRepository.read`
 */
export async function readDeployed(world: World, settings: Settings): Promise<Deployed> {
  if (settings.embeddedDeploy && !existsSync(settings.deployRepository)) return nothingDeployed
  const deploy = await openDeploy(settings, gitEnvironment(world.environment), world.now)
  return deploy.read()
}
