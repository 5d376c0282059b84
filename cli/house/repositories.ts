import { join } from 'node:path'
import { type DeployBranches, openDeployBranches } from '../../publisher/branches/open.ts'
import { initBareRepository } from '../../publisher/deploy.ts'
import type { Proposal } from '../../publisher/forge/pull-request.ts'
import { repositoryOf } from '../../publisher/forge/repository-of.ts'
import { openSpecBranch, type SpecRepository, specFolder } from '../../publisher/spec-repository.ts'
import type { ProcessEnvironment } from './environment.ts'
import type { Settings } from './settings.ts'

export const author = { name: 'Specyard', email: 'specyard@localhost' } as const

/** Opens the deploy repository alone, which is all that commands about specs need. Nothing here loads a database's driver. */
export async function openDeploy(
  settings: Settings,
  git: ProcessEnvironment,
  now: () => Date,
): Promise<DeployBranches> {
  if (settings.embeddedDeploy) await initBareRepository(settings.deployRepository, settings.deployBranch, git)
  return openDeployBranches({
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

/**
 * Where specs are: in the branch that the settings name, or else in the working tree.
 * @param forge variables that say by what right a pull request may be opened; Git itself is not shown them
 * @throws Fault as `openDeploy`
 */
export async function openSpecs(
  settings: Settings,
  git: ProcessEnvironment,
  now: () => Date,
  forge: ProcessEnvironment = {},
): Promise<SpecRepository> {
  if (!settings.specs) return specFolder(settings.root, git)
  const { repository: url, branch } = settings.specs
  const cacheFolder = join(settings.stateFolder, 'specs-cache')
  return openSpecBranch({
    ...{ url, branch, cacheFolder, environment: git, author, now, ...signing(settings) },
    ...pullRequests(url, forge),
  })
}

/** Where GITHUB_TOKEN is set and the specs are at GitHub, proposals are pull requests there. */
function pullRequests(url: string, environment: ProcessEnvironment) {
  const token = environment['GITHUB_TOKEN']
  const api = environment['GITHUB_API_URL'] || 'https://api.github.com'
  const at = repositoryOf(url, api)
  if (!token || !at) return {}
  return {
    openPullRequest: async (proposal: Proposal): Promise<string> => {
      const { openPullRequest } = await import('../../publisher/forge/pull-request.ts')
      return openPullRequest({ api, token, ...at }, proposal)
    },
  }
}
