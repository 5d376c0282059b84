import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { initBareRepository, openDeployRepository } from '../../../publisher/deploy.ts'
import { bareEnvironment, deployOptions } from '../../support/deploy-options.ts'
import { corpus } from './corpus.ts'

/**
 * Writes the corpus as a spec repository in Git, with a deploy repository beside it that knows the versions of its models.
 * @returns the path of a file with a training
 */
export async function writeRepository(folder: string, specs: number): Promise<string> {
  const { sources, deployed } = corpus(specs)
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  for (const { path, bytes } of sources) put(path, bytes)
  put('specyard.yaml', 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  put('.gitignore', '.specyard/\n')
  commitAll(folder)
  const deploy = join(folder, '.specyard', 'deploy.git')
  await initBareRepository(deploy, 'main', bareEnvironment)
  git(deploy, 'config', 'gc.auto', '0')
  const publisher = await openDeployRepository(deployOptions(deploy, join(folder, '.specyard', 'cache')))
  await publisher.publish({
    source: null,
    change: () => ({ files: deployed, subject: 'Register models', body: '', action: 'register', subjects: [] }),
  })
  return join(folder, sources.find(({ path }) => path.includes('training'))?.path ?? '')
}

function commitAll(folder: string): void {
  git(folder, 'init', '--quiet', '--initial-branch=main')
  // What Git tidies up behind our back would be measured, too, and be in the way when the folder goes.
  git(folder, 'config', 'maintenance.auto', 'false')
  git(folder, 'config', 'gc.auto', '0')
  git(folder, 'add', '.')
  git(folder, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'The corpus')
}

function git(folder: string, ...words: readonly string[]): void {
  execFileSync('git', ['-C', folder, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
}
