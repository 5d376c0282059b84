import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, it } from 'vitest'
import { openDeployRepository } from '../../publisher/deploy.ts'
import { bareEnvironment, deployOptions, filesOf, request, temporaryFolder, testDeploy } from '../support/publisher.ts'

/** A `git` that a signal ends at the first call of each of these commands, as an interrupt on the terminal does; then the real one. */
async function interruptedGit(commands: readonly string[]): Promise<string> {
  const folder = join(await temporaryFolder(), 'bin')
  await mkdir(folder)
  const path = join(folder, 'git')
  const cases = commands.map(
    (command) => `*" ${command} "*) [ -e ${folder}/${command} ] || { : > ${folder}/${command}; kill -INT $$; } ;;`,
  )
  const script = ['#!/bin/sh', 'case " $* " in', ...cases, 'esac', `PATH=\${PATH#*:} exec git "$@"`, '']
  await writeFile(path, script.join('\n'))
  await chmod(path, 0o755)
  return folder
}

it('what an interrupt on the terminal ends in Git is done once more, and nothing is lost or made twice', async () => {
  const { url, deploy } = await testDeploy()
  await deploy.publish(request({ 'charts/a.yaml': '1\n' }))
  const bin = await interruptedGit(['ls-remote', 'fetch', 'push'])
  const options = deployOptions(url, join(await temporaryFolder(), 'cache'))
  const environment = { ...bareEnvironment, PATH: `${bin}${delimiter}${bareEnvironment['PATH'] ?? ''}` }
  const interrupted = await openDeployRepository({ ...options, environment })
  expect(await interrupted.publish(request({ 'charts/b.yaml': '2\n' }))).toMatchObject({ files: 1 })
  expect(Object.keys(filesOf(url))).toEqual(['charts/a.yaml', 'charts/b.yaml'])
  expect(await interrupted.log(null)).toHaveLength(2)
})
