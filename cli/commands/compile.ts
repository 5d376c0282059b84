import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { compile } from '../../compiler/compile.ts'
import { hasErrors } from '../../domain/problem.ts'
import { describeSource, readWorkingTree } from '../../publisher/source.ts'
import { readChart } from '../assets.ts'
import { gitEnvironment } from '../environment.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { openDeploy } from '../open.ts'
import { formatProblems } from '../problems.ts'
import type { World } from '../world.ts'
import { readSettings } from '../settings.ts'

/** Prints the tree that would be published, or writes it to a folder. Publishes nothing. */
export async function runCompile(world: World, directory: string, options: { to?: string }): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const git = gitEnvironment(world.environment)
  const [tree, source, deploy] = await Promise.all([
    readWorkingTree(settings.root),
    describeSource(settings.root, git),
    openDeploy(settings, git, world.now),
  ])
  const result = compile({
    sources: tree.files,
    source,
    deployed: await deploy.read(),
    chart: await readChart(),
    deploy: { url: settings.deployUrl, branch: settings.deployBranch },
  })
  const problems = [...tree.problems, ...result.problems].filter((one) => one.severity !== 'note')
  if (problems.length > 0) world.stderr.write(`${formatProblems(problems)}\n`)
  if (hasErrors(problems) || !result.tree) return exitCodes.problems
  for (const [path, text] of [...result.tree].sort()) {
    if (options.to === undefined) world.stdout.write(`# ${path}\n${text}${text.endsWith('\n') ? '' : '\n'}---\n`)
    else {
      const target = join(resolve(options.to), path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, text)
    }
  }
  if (options.to !== undefined) world.stdout.write(`${result.tree.size} files written to ${options.to}\n`)
  return exitCodes.fine
}
