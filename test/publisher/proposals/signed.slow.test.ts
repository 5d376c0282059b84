import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DeployRepository } from '../../../publisher/deploy.ts'
import {
  bareEnvironment,
  change,
  commitFiles,
  gitIn,
  request,
  temporaryFolder,
  type TestDeploy,
  testDeploy,
  us,
} from '../../support/publisher.ts'

/* Where our commits are signed, only a signed proposal is ours, whatever its author, message and references look like. */

const job = 'environments/prod/language/jobs/one.yaml'
const next = 'refs/heads/main-next'
const kept = 'refs/specyard/proposed/main'

async function signing(): Promise<TestDeploy & { readonly publicKey: string }> {
  const home = await temporaryFolder()
  const key = join(home, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', key], { stdio: 'ignore' })
  await writeFile(
    join(home, '.gitconfig'),
    `[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = ${key}\n`,
  )
  const publicKey = execFileSync('cat', [`${key}.pub`], { encoding: 'utf8' }).trim()
  const repository = await testDeploy({ environment: { ...bareEnvironment, HOME: home } })
  await repository.deploy.publish(request({ 'environments/dev/language/jobs/one.yaml': '1\n' }))
  return { ...repository, publicKey }
}
const ask = (deploy: DeployRepository) =>
  deploy.propose({
    ...{ asked: true, source: null },
    change: ({ files }) => (files.has(job) ? undefined : change({ [job]: 'job: 1\n' })),
  })

describe('where commits are signed', () => {
  it('the proposal and the commit that takes up its squash carry our signature', async () => {
    const repository = await signing()
    const { deploy, url, publicKey } = repository
    expect(await ask(deploy)).toMatchObject({ kind: 'waiting' })
    const allowed = join(repository.folder, 'allowed')
    await writeFile(allowed, `${us.email} ${publicKey}\n`)
    const verify = (commit: string) =>
      gitIn(url, '-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', commit)
    expect(() => verify(next)).not.toThrow()
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    gitIn(clone, 'merge', '--quiet', '--squash', 'origin/main-next')
    gitIn(clone, 'commit', '--quiet', '--message', 'Squashed')
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
    await deploy.publish({ source: null, change: () => undefined })
    expect(() => verify('main')).not.toThrow()
    expect(gitIn(url, 'rev-parse', 'main^2')).toBe(gitIn(url, 'rev-parse', next))
    expect((await deploy.read()).drifted).toEqual([])
  })

  it('one that only looks like ours is somebody else’s: its squash is drift, and it is not replaced', async () => {
    const repository = await signing()
    const { deploy, url } = repository
    const clone = repository.clone()
    const message = gitIn(url, 'log', '-1', '--format=%B', 'main').replace(/(?<=Request: )\S{4}/, '0000')
    const person = ['-c', `user.name=${us.name}`, '-c', `user.email=${us.email}`]
    gitIn(clone, 'checkout', '--quiet', '-b', 'forged')
    await commitFiles(clone, { [job]: 'job: evil\n' })
    gitIn(clone, ...person, 'commit', '--quiet', '--amend', '--reset-author', '--message', message)
    gitIn(clone, 'push', '--quiet', 'origin', `HEAD:${next}`, `HEAD:${kept}`)
    expect(await ask(deploy)).toMatchObject({ kind: 'foreign', foreign: { author: `${us.name} <${us.email}>` } })
    gitIn(clone, 'checkout', '--quiet', 'main')
    gitIn(clone, 'merge', '--quiet', '--squash', 'forged')
    gitIn(clone, 'commit', '--quiet', '--message', 'Squashed')
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
    expect((await deploy.read()).drifted.map(({ path }) => path)).toEqual([job])
    await deploy.publish(request({ 'environments/dev/language/jobs/one.yaml': '2\n' }))
    expect((await deploy.read()).drifted.map(({ path }) => path)).toEqual([job])
  })
})
