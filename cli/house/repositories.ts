import { join } from 'node:path'
import { type DeployRepository, initBareRepository, openDeployRepository } from '../../publisher/deploy.ts'
import { openSpecBranch, type SpecRepository, specFolder } from '../../publisher/spec-repository.ts'
import type { ProcessEnvironment } from './environment.ts'
import type { Settings } from './settings.ts'

export const author = { name: 'Specyard', email: 'specyard@localhost' } as const

/** Opens the deploy repository alone, which is all that commands about specs need. Nothing here loads a database's driver. */
export async function openDeploy(
  settings: Settings,
  git: ProcessEnvironment,
  now: () => Date,
): Promise<DeployRepository> {
  if (settings.embeddedDeploy) await initBareRepository(settings.deployRepository, settings.deployBranch, git)
  return openDeployRepository({
    url: settings.deployRepository,
    branch: settings.deployBranch,
    cacheFolder: join(settings.stateFolder, 'deploy-cache'),
    author,
    environment: git,
    now,
    ...signing(settings),
  })
}

/** As the settings say; the embedded deploy repository is nobody else's, and is signed only where they do. */
function signing({ signCommits, embeddedDeploy }: Settings): { readonly sign?: boolean } {
  return signCommits !== undefined ? { sign: signCommits } : embeddedDeploy ? { sign: false } : {}
}

/** Where specs are: in the branch that the settings name, or else in the working tree. @throws Fault as `openDeploy` */
export async function openSpecs(settings: Settings, git: ProcessEnvironment, now: () => Date): Promise<SpecRepository> {
  if (!settings.specs) return specFolder(settings.root, git)
  const { repository: url, branch } = settings.specs
  const cacheFolder = join(settings.stateFolder, 'specs-cache')
  return openSpecBranch({ url, branch, cacheFolder, environment: git, author, now, ...signing(settings) })
}
