import { type GitEnvironment, git } from './run.ts'

/**
 * Makes a folder a Git repository with a branch `main` and no commit; one that is a repository already stays as it is.
 * @throws Fault GIT_FAILED, GIT_MISSING
 */
export async function initRepository(folder: string, environment: GitEnvironment): Promise<void> {
  await git({ folder, environment, globalConfiguration: null, secrets: [] }, [
    'init',
    '--quiet',
    '--initial-branch=main',
  ])
}
