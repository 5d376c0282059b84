import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { gitEnvironment } from '../../cli/house/environment.ts'
import type { Fault } from '../../domain/fault.ts'
import { type DeployRepository, initBareRepository, openDeployRepository } from '../../publisher/deploy.ts'
import { bareEnvironment, filesOf, request, temporaryFolder, us } from '../support/publisher.ts'
import { type GuardedGit, startGuardedGit } from './guarded-git.ts'
import { changedValues, demandHelm, podOf, renderInstall } from './install-chart.ts'

/*
 * What a pod's Git does with the configuration that the chart gives it: the rendered text with the volume's path replaced by a folder's, in the
 * environment of the rendered container, read by the real Git that the publisher runs.
 */

beforeAll(demandHelm)

const volumePath = '/etc/specyard-git'
const file = 'environments/dev/language/jobs/a.yaml'

/** The volume of Git, as a folder. @returns the environment that Git gets in the API's container */
function mountGit(folder: string, values: string, secrets: Readonly<Record<string, string>>) {
  const objects = renderInstall(values)
  const configuration = objects.find((one) => one.kind === 'ConfigMap')?.data?.['gitconfig'] ?? ''
  const api = objects.find((one) => one.metadata.name === 'specyard-api' && one.kind === 'Deployment')
  const variables = (api && podOf(api)?.spec.containers[0]?.env) ?? []
  const mounted = join(folder, 'mounted')
  mkdirSync(join(mounted, 'git'), { recursive: true })
  writeFileSync(join(mounted, 'git', 'config'), configuration.replaceAll(volumePath, mounted))
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(mounted, name), text)
  const given = Object.fromEntries(variables.map(({ name, value = 'of a Secret' }) => [name, value]))
  expect(given['XDG_CONFIG_HOME']).toBe(volumePath)
  return gitEnvironment({ ...given, ...bareEnvironment, XDG_CONFIG_HOME: mounted })
}

function openDeploy(folder: string, url: string, environment: Readonly<Record<string, string | undefined>>) {
  const cacheFolder = join(folder, 'cache')
  return openDeployRepository({ url, branch: 'main', cacheFolder, author: us, environment, now: () => new Date(0) })
}

const publish = (deploy: DeployRepository, text: string) => deploy.publish(request({ [file]: text }))

describe('a deploy repository over https, with the user name and password of a Secret', () => {
  let folder = ''
  let server: GuardedGit
  beforeEach(async () => {
    folder = await temporaryFolder()
    await initBareRepository(join(folder, 'repositories', 'deploy.git'), 'main', bareEnvironment)
    server = await startGuardedGit(join(folder, 'repositories'))
  })
  afterEach(() => server.close())

  const values = (url: string) =>
    changedValues('small', {
      settings: { deploy: { repository: url } },
      git: { https: { secret: 'deploy-repository' } },
    })
  const open = (url: string, password: string, to = url) =>
    openDeploy(folder, to, mountGit(folder, values(url), { username: 'specyard\n', password }))

  it('is read and written, whatever characters the password has', async () => {
    const password = `50%s "quoted" 'and' $(id) \`id\` \\n ; é`
    server.admit('specyard', password)
    const deploy = await open(`${server.url}/deploy.git`, password)
    await publish(deploy, 'one')
    expect(filesOf(join(folder, 'repositories', 'deploy.git'))[file]).toBe('one')
    expect(new Set(server.seen)).toEqual(new Set([`specyard:${password}`]))
  })

  it('is written with the new password once the Secret has it, by the same process', async () => {
    server.admit('specyard', 'first')
    const deploy = await open(`${server.url}/deploy.git`, 'first')
    await publish(deploy, 'one')
    server.admit('specyard', 'second')
    await expect(publish(deploy, 'two')).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' })
    writeFileSync(join(folder, 'mounted', 'password'), 'second')
    await publish(deploy, 'two')
    expect(filesOf(join(folder, 'repositories', 'deploy.git'))[file]).toBe('two')
  })

  it('a wrong password is refused by the server, and no message shows it', async () => {
    server.admit('specyard', 'right')
    const deploy = await open(`${server.url}/deploy.git`, 'wrong-word')
    const fault = (await publish(deploy, 'one').catch((error: unknown) => error)) as Fault
    expect(fault.code).toBe('GIT_UNREACHABLE')
    expect(`${fault.message} ${fault.hint}`).not.toContain('wrong-word')
  })

  it('the mounted Secret is never written to, also when the server refuses what it holds', async () => {
    server.admit('specyard', 'right')
    const deploy = await open(`${server.url}/deploy.git`, 'wrong')
    await expect(publish(deploy, 'one')).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' })
    expect(readFileSync(join(folder, 'mounted', 'password'), 'utf8')).toBe('wrong')
  })

  it('another server that asks for a password is not told it', async () => {
    server.admit('specyard', 'word')
    const deploy = await open('http://git.example.com/deploy.git', 'word', `${server.url}/deploy.git`)
    await expect(publish(deploy, 'one')).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' })
    expect(server.seen).toEqual([])
  })
})

describe('a deploy repository over https, on a server that a company vouches for', () => {
  it('is written with the certificate of a ConfigMap, and not without', async () => {
    const folder = await temporaryFolder()
    await initBareRepository(join(folder, 'repositories', 'deploy.git'), 'main', bareEnvironment)
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=git', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1', '-nodes']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject]
    execFileSync('openssl', made, { stdio: 'ignore' })
    const certificate = { key: readFileSync(key), cert: readFileSync(cert) }
    const server = await startGuardedGit(join(folder, 'repositories'), certificate)
    onTestFinished(() => server.close())
    server.admit('specyard', 'word')
    const repository = `${server.url}/deploy.git`
    const values = (certificateAuthority: object | null) =>
      changedValues('small', {
        settings: { deploy: { repository } },
        git: { https: { secret: 'deploy-repository' }, certificateAuthority },
      })
    const secrets = { username: 'specyard', password: 'word', 'ca.crt': certificate.cert.toString('utf8') }
    const stranger = await openDeploy(folder, repository, mountGit(folder, values(null), secrets))
    await expect(publish(stranger, 'one')).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' })
    expect(server.seen).toEqual([])
    const known = await openDeploy(folder, repository, mountGit(folder, values({ configMap: 'company' }), secrets))
    await publish(known, 'one')
    expect(filesOf(join(folder, 'repositories', 'deploy.git'))[file]).toBe('one')
  })
})

describe('a deploy repository over ssh, with the key of a Secret', () => {
  it('Git asks ssh for this key and these hosts alone, and to refuse what it does not know', async () => {
    const folder = await temporaryFolder()
    const repositories = join(folder, 'repositories')
    await initBareRepository(join(repositories, 'ml', 'deploy.git'), 'main', bareEnvironment)
    // In place of the network: it writes down how it was called and runs what was to run at the other end.
    const programs = join(folder, 'programs')
    const calls = join(folder, 'calls')
    mkdirSync(programs)
    writeFileSync(
      join(programs, 'ssh'),
      `#!/bin/sh\nprintf '%s\\n' "$*" >>'${calls}'\nfor last in "$@"; do :; done\ncd '${repositories}' && exec sh -c "$last"\n`,
    )
    chmodSync(join(programs, 'ssh'), 0o755)
    const values = changedValues('scheduled', {})
    const environment = mountGit(folder, values, { 'private-key': 'a key', 'known-hosts': 'a host' })
    const path = `${programs}:${process.env['PATH'] ?? ''}`
    const deploy = await openDeploy(folder, 'git@git.example.com:ml/deploy.git', { ...environment, PATH: path })
    await publish(deploy, 'one')
    expect(filesOf(join(repositories, 'ml', 'deploy.git'))[file]).toBe('one')
    const mounted = join(folder, 'mounted')
    for (const call of readFileSync(calls, 'utf8').trim().split('\n')) {
      for (const option of [
        'BatchMode=yes',
        'IdentitiesOnly=yes',
        `IdentityFile=${mounted}/private-key`,
        'StrictHostKeyChecking=yes',
        `UserKnownHostsFile=${mounted}/known-hosts`,
      ])
        expect(call).toContain(`-o ${option} `)
      expect(call).toMatch(/^-F \/dev\/null .* git@git\.example\.com git-(upload|receive)-pack 'ml\/deploy\.git'$/)
    }
  })
})
