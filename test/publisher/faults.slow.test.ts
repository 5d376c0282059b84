import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isFault } from '../../domain/fault.ts'
import { initBareRepository, openDeployRepository } from '../../publisher/deploy.ts'
import {
  bareEnvironment,
  deployOptions,
  filesOf,
  fsck,
  gitIn,
  request,
  temporaryFolder,
  testDeploy,
} from '../support/publisher.ts'

const files = { 'charts/a.yaml': '1\n' }

async function faultOf(promise: Promise<unknown>): Promise<{ code: string; retry: string; everything: string }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isFault(error)) throw new Error(`no fault: ${String(error)}`)
  const everything = `${error.stack} ${error.hint} ${JSON.stringify(error)} ${JSON.stringify(error.cause)}`
  return { code: error.code, retry: error.retry, everything }
}

describe('a deploy repository that cannot be reached', () => {
  it('is GIT_UNREACHABLE, and the next try goes on once it is there', async () => {
    const { url, deploy } = await testDeploy()
    await deploy.publish(request(files))
    await rename(url, `${url}.away`)
    const tries = [
      deploy.head,
      deploy.read,
      () => deploy.log(null),
      () => deploy.publish(request({ 'charts/b.yaml': '2\n' })),
    ]
    for (const tried of tries) {
      expect(await faultOf(tried())).toMatchObject({ code: 'GIT_UNREACHABLE', retry: 'later' })
    }
    await rename(`${url}.away`, url)
    expect(await deploy.publish(request({ 'charts/b.yaml': '2\n' }))).toMatchObject({ files: 1 })
    expect(Object.keys(filesOf(url))).toEqual(['charts/a.yaml', 'charts/b.yaml'])
  })

  it('never shows the credentials of its URL', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((incoming, answer) => {
      asked.push(incoming.headers.authorization)
      answer
        .writeHead(401, { 'www-authenticate': 'Basic realm="canaryname:canary%2Fpass"' })
        .end('canaryname canary/pass')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    const folder = await temporaryFolder()
    const url = `http://canaryname:canary%2Fpass@127.0.0.1:${port}/deploy.git`
    const deploy = await openDeployRepository(deployOptions(url, join(folder, 'cache')))
    for (const tried of [deploy.head, deploy.read, () => deploy.publish(request(files))]) {
      const fault = await faultOf(tried())
      expect(fault).toMatchObject({ code: 'GIT_UNREACHABLE' })
      expect(fault.everything).not.toMatch(/canary/)
      expect(fault.everything).toContain('127.0.0.1')
    }
    expect(asked.some((header) => header?.startsWith('Basic '))).toBe(true)
  })

  it('leads nowhere by a hostile address: nothing is run', async () => {
    const folder = await temporaryFolder()
    const owned = join(folder, 'owned')
    for (const url of [
      `ext::touch ${owned}`,
      `--upload-pack=touch ${owned}`,
      `-oProxyCommand=touch ${owned}`,
      `ssh://-oProxyCommand=touch ${owned}/x`,
    ]) {
      expect(await faultOf(openDeployRepository(deployOptions(url, join(folder, 'cache'))))).toMatchObject({
        code: 'SETTINGS_INVALID',
      })
    }
    const branch = {
      ...deployOptions(join(folder, 'x.git'), join(folder, 'cache')),
      branch: `--upload-pack=touch ${owned}`,
    }
    expect(await faultOf(openDeployRepository(branch))).toMatchObject({ code: 'SETTINGS_INVALID' })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a machine', () => {
  it('without git is GIT_MISSING', async () => {
    const folder = await temporaryFolder()
    const environment = { PATH: join(folder, 'nothing') }
    expect(await faultOf(initBareRepository(join(folder, 'd.git'), 'main', environment))).toMatchObject({
      code: 'GIT_MISSING',
      retry: 'never',
    })
    const options = { ...deployOptions(join(folder, 'd.git'), join(folder, 'cache')), environment }
    expect(await faultOf(openDeployRepository(options))).toMatchObject({ code: 'GIT_MISSING' })
  })

  it('without git keeps no process waiting for one', async () => {
    const folder = await temporaryFolder()
    const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
    const before = timers()
    const environment = { PATH: join(folder, 'nothing') }
    expect(await faultOf(initBareRepository(join(folder, 'd.git'), 'main', environment))).toBeDefined()
    expect(timers()).toBe(before)
  })

  it('without git from one moment to the next is GIT_MISSING too', async () => {
    const folder = await temporaryFolder()
    const url = join(folder, 'deploy.git')
    await initBareRepository(url, 'main', bareEnvironment)
    const environment: Record<string, string | undefined> = { ...bareEnvironment }
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), environment })
    environment['PATH'] = join(folder, 'nothing')
    expect(await faultOf(deploy.head())).toMatchObject({ code: 'GIT_MISSING' })
    environment['PATH'] = bareEnvironment.PATH
    expect(await deploy.head()).toBeNull()
  })

  it('whose git fails says so in its last words, and the next try goes on', async () => {
    const { folder, url } = await testDeploy()
    const broken = join(folder, 'bin')
    await mkdir(broken)
    const path = bareEnvironment.PATH
    await writeFile(
      join(broken, 'git'),
      `#!/bin/sh\nfor word in "$@"; do if [ "$word" = fast-import ]; then echo "fatal: https://a:canary@b/ is odd" >&2; exit 128; fi; done\nPATH='${path}' exec git "$@"\n`,
    )
    await chmod(join(broken, 'git'), 0o755)
    const environment: Record<string, string | undefined> = { ...bareEnvironment, PATH: `${broken}:${path}` }
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), environment })
    const fault = await faultOf(deploy.publish(request(files)))
    expect(fault).toMatchObject({ code: 'GIT_FAILED', retry: 'later' })
    expect(fault.everything).toContain('fatal: https://b/ is odd')
    environment['PATH'] = path
    expect(await deploy.publish(request(files))).toMatchObject({ files: 1 })
    fsck(url)
  })

  it.each([
    [
      'that ask, paint, rename and convert',
      '[commit]\n\tgpgSign = true\n[user]\n\tuseConfigOnly = true\n[core]\n\teditor = false\n\tautocrlf = true\n[push]\n\tdefault = nothing\n\tgpgSign = true\n[diff]\n\trenames = copies\n\tnoprefix = true\n\texternal = false\n[log]\n\tshowSignature = true\n[fetch]\n\tprune = true\n[color]\n\tui = always\n',
    ],
    ['for another encoding', '[i18n]\n\tcommitEncoding = ISO-8859-1\n\tlogOutputEncoding = ISO-8859-1\n'],
    ['that trust no bare repository', '[safe]\n\tbareRepository = explicit\n'],
    ['for other trailers', '[trailer]\n\tseparators = "="\n\tifexists = replace\n'],
  ])('with settings of its user %s publishes all the same', async (_name, configuration) => {
    const { folder, url } = await testDeploy()
    const home = join(folder, 'home')
    await mkdir(home)
    await writeFile(join(home, '.gitconfig'), configuration)
    const environment = {
      ...bareEnvironment,
      HOME: home,
      GIT_DIR: '/nonexistent',
      GIT_INDEX_FILE: '/nonexistent',
      LC_ALL: 'de_DE.UTF-8',
    }
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), environment })
    await deploy.publish(request({ 'charts/a.yaml': 'a\r\n' }, { specs: ['specs/größe.yaml'] }))
    expect(await deploy.log(null)).toMatchObject([{ files: 1, specs: ['specs/größe.yaml'] }])
    expect((await deploy.read()).files.get('charts/a.yaml')).toBe('a\r\n')
    // Another process fetches what this one pushed.
    const other = await openDeployRepository({ ...deployOptions(url, join(folder, 'other')), environment })
    expect((await other.read()).files.get('charts/a.yaml')).toBe('a\r\n')
  })

  it('that reads the settings of its user finds credential helpers there', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((incoming, answer) => {
      asked.push(incoming.headers.authorization)
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const folder = await temporaryFolder()
    await writeFile(
      join(folder, '.gitconfig'),
      '[credential]\n\thelper = "!f() { echo username=robot; echo password=helped; }; f"\n',
    )
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/deploy.git`
    const environment = { ...bareEnvironment, HOME: folder }
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), environment })
    await faultOf(deploy.head())
    expect(asked).toContain(`Basic ${Buffer.from('robot:helped').toString('base64')}`)
  })
})

describe('a deploy repository of another owner', () => {
  it('is read and written all the same', async () => {
    const { url, deploy } = await testDeploy()
    // Only root can give a folder away; anybody else uses one of their own here.
    if (process.getuid?.() === 0)
      for (const path of ['', 'objects', 'refs', 'refs/heads']) await chown(join(url, path), 12_345, 12_345)
    await deploy.publish(request(files))
    expect((await deploy.read()).files).toEqual(new Map(Object.entries(files)))
  })
})

describe('a cache', () => {
  it('left half made, or of another kind, is made anew', async () => {
    const { folder, url, deploy } = await testDeploy()
    await deploy.publish(request(files))
    const cache = join(folder, 'broken')
    await mkdir(join(cache, 'clone.git', 'objects'), { recursive: true })
    await writeFile(join(cache, 'clone.git', 'HEAD'), 'nonsense')
    const other = await openDeployRepository(deployOptions(url, cache))
    expect((await other.read()).files).toEqual(new Map([['charts/a.yaml', '1\n']]))
  })

  it('whose objects are damaged is made anew', async () => {
    const { folder, url, deploy } = await testDeploy()
    await deploy.publish(request(files))
    const cache = join(folder, 'cache-1', 'clone.git', 'objects')
    for (const name of await readdir(cache, { recursive: true })) {
      const path = join(cache, name)
      if (/^[0-9a-f]{2}\/[0-9a-f]{38}$/.test(name)) {
        await chmod(path, 0o644)
        await writeFile(path, (await readFile(path)).subarray(0, 10))
      }
    }
    expect((await deploy.read()).files).toEqual(new Map([['charts/a.yaml', '1\n']]))
    expect(await deploy.publish(request({ 'charts/b.yaml': '2\n' }))).toMatchObject({ files: 1 })
    fsck(url)
  })

  it('in a folder that cannot be made is a fault that names it', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'file'), '')
    const opened = openDeployRepository(deployOptions(join(folder, 'd.git'), join(folder, 'file', 'cache')))
    expect(await faultOf(opened)).toMatchObject({
      code: 'FILE_FAILED',
      everything: expect.stringContaining(join(folder, 'file', 'cache')),
    })
  })

  it('keeps few references of earlier processes', async () => {
    const { folder, url, deploy } = await testDeploy()
    await deploy.publish(request(files))
    const options = deployOptions(url, join(folder, 'shared'))
    for (let count = 0; count < 20; count += 1) {
      const one = await openDeployRepository(options)
      await one.publish(request({ 'charts/a.yaml': `${count}\n` }))
    }
    await openDeployRepository(options)
    const kept = gitIn(join(folder, 'shared', 'clone.git'), 'for-each-ref', '--format=%(refname)').split('\n')
    expect(kept.length).toBeLessThan(20)
  })
})

describe('the bare repository of the embedded default', () => {
  it('is made once, and left as it is the second time', async () => {
    const folder = await temporaryFolder()
    const url = join(folder, 'a', 'deploy.git')
    await initBareRepository(url, 'release/1', bareEnvironment)
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), branch: 'release/1' })
    const made = await deploy.publish(request(files))
    await initBareRepository(url, 'release/1', bareEnvironment)
    expect(gitIn(url, 'rev-parse', 'HEAD')).toBe(made?.commit)
    await rm(join(folder, 'cache'), { recursive: true })
    expect(await deploy.head()).toBe(made?.commit)
  })
})
