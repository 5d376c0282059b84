import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { author } from '../../../cli/house/repositories.ts'
import { corpus } from './corpus.ts'

/** Writes the corpus as a spec repository in Git, with a deploy repository beside it that knows the versions of its models. */
export function writeRepository(folder: string, specs: number): void {
  const { sources, deployed } = corpus(specs)
  const put = (root: string, path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  for (const { path, bytes } of sources) put(folder, path, bytes)
  put(folder, 'specyard.yaml', 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  put(folder, '.gitignore', '.specyard/\n')
  commitAll(folder)
  const deploy = join(folder, '.specyard', 'work')
  for (const [path, text] of deployed) put(deploy, path, text)
  commitAll(deploy)
  git(folder, 'clone', '--quiet', '--bare', deploy, join(folder, '.specyard', 'deploy.git'))
}

function commitAll(folder: string): void {
  git(folder, 'init', '--quiet', '--initial-branch=main')
  // What Git tidies up behind our back would be measured, too, and be in the way when the folder goes.
  git(folder, 'config', 'maintenance.auto', 'false')
  git(folder, 'config', 'gc.auto', '0')
  git(folder, 'add', '.')
  // As the product does: what others write there is not taken for ours.
  const identity = ['-c', `user.name=${author.name}`, '-c', `user.email=${author.email}`]
  git(folder, ...identity, 'commit', '--quiet', '-m', 'The corpus')
}

function git(folder: string, ...words: readonly string[]): void {
  execFileSync('git', ['-C', folder, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
}
