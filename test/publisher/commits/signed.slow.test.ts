import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DeployRepository } from '../../../publisher/deploy.ts'
import { openSpecBranch } from '../../../publisher/spec-repository.ts'
import {
  bareEnvironment,
  deployOptions,
  gitIn,
  request,
  temporaryFolder,
  testDeploy,
  us,
} from '../../support/publisher.ts'

/** A home with an SSH key and Git's configuration for it. */
async function sshHome(passphrase = '', settings = ''): Promise<{ readonly home: string; readonly publicKey: string }> {
  const home = await temporaryFolder()
  const key = join(home, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'x', '-f', key], { stdio: 'ignore' })
  await writeFile(
    join(home, '.gitconfig'),
    `[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = ${key}\n${settings}`,
  )
  const publicKey = execFileSync('cat', [`${key}.pub`], { encoding: 'utf8' }).trim()
  return { home, publicKey }
}

const under = (home: string) => ({ ...bareEnvironment, HOME: home })

/** Whether Git takes a commit for signed by one of these keys. */
async function isVerified(url: string, commit: string, publicKeys: readonly string[]): Promise<boolean> {
  const home = await temporaryFolder()
  const allowed = join(home, 'allowed')
  await writeFile(allowed, publicKeys.map((one) => `${us.email} ${one}\n`).join(''))
  try {
    gitIn(url, '-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', commit)
    return true
  } catch {
    return false
  }
}

async function commitsTaken(deploy: DeployRepository): Promise<readonly string[]> {
  return (await deploy.log(null)).map(({ commit }) => commit)
}

/** A commit by a person under our address and with our trailers. */
async function forge(url: string, clone: string, file: string, config: readonly string[] = []): Promise<string> {
  const message = gitIn(url, 'log', '-1', '--format=%B', 'main').replace(/(?<=Request: )\S{4}/, '0000')
  await writeFile(join(clone, file), 'forged\n')
  gitIn(clone, 'add', '--all')
  const person = ['-c', `user.name=${us.name}`, '-c', `user.email=${us.email}`]
  gitIn(clone, ...person, ...config, 'commit', '--quiet', ...(config.length > 0 ? ['-S'] : []), '--message', message)
  gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
  return gitIn(clone, 'rev-parse', 'HEAD')
}

describe('a commit', () => {
  it('is signed with the SSH key that Git is configured with, each of a push', async () => {
    const { home, publicKey } = await sshHome()
    const { url, deploy } = await testDeploy({ environment: under(home) })
    const made = await Promise.all([1, 2, 3].map((one) => deploy.publish(request({ [`charts/${one}`]: 'a\n' }))))
    for (const publication of made) expect(await isVerified(url, publication?.commit ?? '', [publicKey])).toBe(true)
    expect(await commitsTaken(deploy)).toEqual(made.map((one) => one?.commit))
    const text = gitIn(url, 'cat-file', 'commit', 'main')
    expect(text).toContain(`author ${us.name} <${us.email}> 1772366400 +0000\n`)
    expect(text).toContain(`committer ${us.name} <${us.email}> 1772366400 +0000\n`)
  })

  it('that is signed says what it says in UTF-8, whatever Git is configured to write', async () => {
    const { home } = await sshHome('', '[i18n]\n\tcommitEncoding = ISO-8859-1\n')
    const { url, deploy, another } = await testDeploy({ environment: under(home) })
    await deploy.publish(request({ 'charts/a': 'a\n' }, { specs: ['specs/größe.yaml'] }))
    expect(await (await another()).log(null)).toMatchObject([{ specs: ['specs/größe.yaml'] }])
    expect(gitIn(url, 'log', '-1', '--format=%B', 'main')).toContain('Specyard-Spec: specs/größe.yaml')
  })

  it('is signed with the OpenPGP key that Git is configured with', async () => {
    const home = await temporaryFolder()
    const gnupg = join(home, '.gnupg')
    await mkdir(gnupg, { mode: 0o700 })
    const env = { ...under(home), GNUPGHOME: gnupg }
    onTestFinished(() => void execFileSync('gpgconf', ['--kill', 'gpg-agent'], { env }))
    const make = [
      '--batch',
      '--quiet',
      '--passphrase',
      '',
      '--quick-generate-key',
      `${us.name} <${us.email}>`,
      'ed25519',
    ]
    execFileSync('gpg', [...make, 'sign', 'never'], { env, stdio: 'ignore' })
    const listed = execFileSync('gpg', ['--list-keys', '--with-colons'], { env, encoding: 'utf8' })
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? ''
    await writeFile(join(home, '.gitconfig'), `[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = ${fingerprint}\n`)
    const { url, deploy, another } = await testDeploy({ environment: env })
    const made = await deploy.publish(request({ 'charts/a': 'a\n' }))
    expect(() => execFileSync('git', ['verify-commit', 'main'], { cwd: url, env, stdio: 'ignore' })).not.toThrow()
    expect(await commitsTaken(await another())).toEqual([made?.commit])
    expect((await (await another()).read()).drifted).toEqual([])
  })

  it('of the API to the spec repository is signed too', async () => {
    const { home, publicKey } = await sshHome()
    const { url, folder, byHand, deploy } = await testDeploy()
    await deploy.publish(request({ 'charts/a': 'a\n' }))
    await byHand({ 'specs/a.yaml': 'a\n' })
    const specs = await openSpecBranch({ ...deployOptions(url, join(folder, 'specs')), environment: under(home) })
    await specs.write({ path: 'specs/b.yaml', text: 'b\n', expected: null })
    expect(await isVerified(url, 'main', [publicKey])).toBe(true)
  })

  it('is not signed where the settings say so, whatever Git is configured to', async () => {
    const { home, publicKey } = await sshHome()
    const { url, deploy } = await testDeploy({ environment: under(home), sign: false })
    await deploy.publish(request({ 'charts/a': 'a\n' }))
    expect(gitIn(url, 'cat-file', 'commit', 'main')).not.toContain('gpgsig')
    expect(await isVerified(url, 'main', [publicKey])).toBe(false)
  })

  it('that should be signed is a fault where no key is named, or one with a passphrase, and nothing is published', async () => {
    await expect(testDeploy({ sign: true })).rejects.toMatchObject({ code: 'GIT_SIGNING_FAILED' })
    const { home } = await sshHome('secret passphrase')
    const { deploy } = await testDeploy({ environment: under(home) })
    const published = deploy.publish(request({ 'charts/a': 'a\n' }))
    await expect(published).rejects.toMatchObject({ code: 'GIT_SIGNING_FAILED', retry: 'later' })
    expect(await deploy.head()).toBeNull()
  })

  it('that should be signed by X.509 is a fault that names what can be used', async () => {
    const home = await temporaryFolder()
    const text = '[commit]\n\tgpgSign = true\n[gpg]\n\tformat = x509\n[user]\n\tsigningKey = x\n'
    await writeFile(join(home, '.gitconfig'), text)
    const opened = testDeploy({ environment: under(home) })
    await expect(opened).rejects.toMatchObject({ code: 'GIT_SIGNING_FAILED', hint: 'use ssh or openpgp' })
  })
})

describe('a commit under our address and with our trailers', () => {
  it('is ours while nothing is signed, and no longer after our first signature', async () => {
    const { home } = await sshHome()
    const { url, deploy, another, clone } = await testDeploy()
    const before = await deploy.publish(request({ 'charts/a': 'a\n' }))
    const signing = await another({ environment: under(home) })
    expect((await signing.read()).drifted).toEqual([])
    const signed = await signing.publish(request({ 'charts/b': 'b\n' }))
    const forged = await forge(url, clone(), 'charts/c')
    const reader = await another({ environment: under(home) })
    expect((await reader.read()).drifted).toMatchObject([{ path: 'charts/c', commit: forged }])
    expect(await commitsTaken(reader)).toEqual([before?.commit, signed?.commit])
    expect((await reader.log(signed?.commit ?? '')).map(({ commit }) => commit)).toEqual([])
    expect(await reader.log(null, [signed?.commit ?? '', 'f'.repeat(40)])).toEqual([])
    const next = await reader.publish(request({ 'charts/d': 'd\n' }))
    expect((await reader.log(signed?.commit ?? '')).map(({ commit }) => commit)).toEqual([next?.commit])
    const ledger: string[] = []
    for await (const commit of (await reader.ledgerHistory()).read()) ledger.push(commit.commit)
    expect(ledger).not.toContain(forged)
  })

  it('is not ours for a signature of somebody else, who may sign other commits', async () => {
    const person = await sshHome()
    const allowed = join(await temporaryFolder(), 'allowed')
    const { home, publicKey } = await sshHome('', `[gpg "ssh"]\n\tallowedSignersFile = ${allowed}\n`)
    await writeFile(allowed, `${us.email} ${publicKey}\nada@example.com ${person.publicKey}\n`)
    const { url, deploy, clone } = await testDeploy({ environment: under(home) })
    const made = await deploy.publish(request({ 'charts/a': 'a\n' }))
    const key = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${join(person.home, 'key')}`]
    await forge(url, clone(), 'charts/b', key)
    expect(await commitsTaken(deploy)).toEqual([made?.commit])
    expect((await deploy.read()).drifted).toMatchObject([{ path: 'charts/b' }])
  })

  it('is ours for the key that we had before, where both are allowed', async () => {
    const old = await sshHome()
    const allowed = join(await temporaryFolder(), 'allowed')
    const now = await sshHome('', `[gpg "ssh"]\n\tallowedSignersFile = ${allowed}\n`)
    await writeFile(allowed, `${us.email} ${old.publicKey}\n${us.email} ${now.publicKey}\n`)
    const { deploy, another } = await testDeploy({ environment: under(old.home) })
    const first = await deploy.publish(request({ 'charts/a': 'a\n' }))
    const renewed = await another({ environment: under(now.home) })
    const second = await renewed.publish(request({ 'charts/b': 'b\n' }))
    expect(await commitsTaken(renewed)).toEqual([first?.commit, second?.commit])
    expect((await renewed.read()).drifted).toEqual([])
  })
})

describe('the program that signs', () => {
  it('is the one of the user’s configuration, never one that a cache names', async () => {
    const { home, publicKey } = await sshHome()
    const { url, folder, deploy, another } = await testDeploy({ environment: under(home) })
    await deploy.publish(request({ 'charts/a': 'a\n' }))
    gitIn(join(folder, 'cache-1', 'clone.git'), 'config', 'gpg.ssh.program', join(folder, 'nothing'))
    const again = await another({ cacheFolder: join(folder, 'cache-1') })
    await again.publish(request({ 'charts/b': 'b\n' }))
    expect(await isVerified(url, 'main', [publicKey])).toBe(true)
  })
})
