import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../support/main-job/built.ts'
import { mayMount, mountDisk } from '../support/main-job/disk.ts'
import type { UpDocument } from '../../cli/up/document.ts'
import { copyExample, type Example, lengthened } from '../support/main-job/example.ts'
import { type Ended, type Running, startProgram, untilSaid } from '../support/main-job/program.ts'

/*
 * The world outside fails: each fault names the thing, the place, the cause and the remedy, ends with exit code 3, shows no stack and no
 * secret, and the next try after mending goes on where this one stopped.
 */
const program = builtProgram()

function up(
  example: Example,
  environment: Readonly<Record<string, string>> = {},
  before: readonly string[] = [],
): Running {
  const args = ['up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', '240s']
  return startProgram(program, example.folder, args, { environment, before })
}

/** Points the settings at another deploy repository. */
function deployTo(example: Example, repository: string): void {
  example.edit('specyard.yaml', (text) => text.replace(/^ {2}repository: .*$/m, `  repository: ${repository}`))
}

/** One line with the code and what happened, then the remedy; nothing of our insides. */
function expectFault(ended: Ended, code: string, ...words: readonly (string | RegExp)[]): void {
  expect({ code: ended.code, said: ended.stderr }).toMatchObject({ code: 3 })
  expect(ended.stderr).toContain(`error  ${code}  `)
  expect(ended.stderr).toMatch(/^ {2}hint: \S/m)
  expect(ended.stderr).not.toMatch(/^\s+at |node:internal|defect/m)
  for (const word of words) expect(ended.stderr).toMatch(word)
}

/** Both trainings have succeeded and one version serves; in as many attempts as they need, unless a trainer met the fault too. */
async function expectSettled(running: Running, trainersMetIt = false): Promise<void> {
  const ended = await running.ended
  expect(ended.code, ended.stderr).toBe(0)
  const { runs, modelVersions, endpoints } = JSON.parse(ended.stdout) as UpDocument
  expect(runs.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
    'handbook-lm SUCCEEDED',
    'handbook-retry SUCCEEDED',
    'support-sft PENDING',
  ])
  if (!trainersMetIt) expect(runs.map(({ attempts }) => attempts).sort()).toEqual([1, 1, 2])
  expect(modelVersions).toHaveLength(1)
  expect(endpoints.filter(({ status }) => status === 'healthy')).toHaveLength(1)
}

/** A port of this machine that nobody listens at. */
async function closedPort(): Promise<number> {
  const server = createSocketServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What a database, a repository and a training need, and the room that the database keeps free. */
const diskMegabytes = 600
const nearlyFullBytes = 8 * 2 ** 20

describe('one fault after the other, before anything has run', () => {
  const disk = mayMount() ? mountDisk(diskMegabytes) : undefined
  const example = copyExample(disk && join(disk.folder, 'repository'))
  afterAll(async () => {
    await example.remove()
    disk?.remove()
  })
  const repository = join(example.folder, 'deploy.git')
  const hook = join(repository, 'hooks', 'pre-receive')

  it('a folder that cannot be written to is FILE_FAILED with its path', async () => {
    // Root may write where it is not allowed to, but not where nobody can.
    if (disk) disk.setWritable(false)
    else chmodSync(example.folder, 0o555)
    try {
      expectFault(await up(example).ended, 'FILE_FAILED', example.state, /EROFS|EACCES/)
    } finally {
      if (disk) disk.setWritable(true)
      else chmodSync(example.folder, 0o755)
    }
  })

  it('a file that may not grow is a fault, and leaves no half of a database', async () => {
    const ended = await up(example, {}, ['sh', '-c', 'ulimit -f 4096; exec "$@"', 'sh']).ended
    expectFault(ended, 'DATABASE_FAILED', `could not be made in ${example.state}`, /ulimit -f/)
    expect(existsSync(join(example.state, 'database'))).toBe(false)
  })

  if (disk) {
    it('a full disk is DISK_FULL', async () => {
      disk.fill(nearlyFullBytes)
      expectFault(await up(example).ended, 'DISK_FULL', example.folder, /make room/)
      disk.makeRoom()
    })
  }

  it('a database that is down is DATABASE_UNREACHABLE with its address and without the password', async () => {
    const url = `postgres://somebody:hunter2@127.0.0.1:${await closedPort()}/records`
    const ended = await up(example, { DATABASE_URL: url }).ended
    expectFault(ended, 'DATABASE_UNREACHABLE', new URL(url).host, 'ECONNREFUSED')
    expect(ended.stdout + ended.stderr).not.toContain('hunter2')
  })

  it('a deploy repository at a dead address is GIT_UNREACHABLE with its address and without the password', async () => {
    const port = await closedPort()
    deployTo(example, `http://somebody:hunter2@127.0.0.1:${port}/deploy.git`)
    for (const command of [up(example), startProgram(program, example.folder, ['publish'])]) {
      const ended = await command.ended
      expectFault(ended, 'GIT_UNREACHABLE', `127.0.0.1:${port}/deploy.git cannot be reached`)
      expect(ended.stdout + ended.stderr).not.toContain('hunter2')
    }
  })

  it('a server that answers with an error is GIT_UNREACHABLE with what it said', async () => {
    const server = createServer((_request, response) => response.writeHead(503).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    deployTo(example, `http://127.0.0.1:${(server.address() as AddressInfo).port}/deploy.git`)
    const ended = await up(example).ended
    server.close()
    expectFault(ended, 'GIT_UNREACHABLE', /503/)
  })

  it('a path where no repository can be is GIT_UNREACHABLE', async () => {
    deployTo(example, join(example.folder, 'specyard.yaml', 'deploy.git'))
    expectFault(await up(example).ended, 'GIT_UNREACHABLE', /specyard\.yaml\/deploy\.git/)
    expect(existsSync(join(example.state, 'database')), 'the database was opened for nothing').toBe(false)
  })

  it('a repository that refuses our pushes is GIT_PUSH_REJECTED with what it said', async () => {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', repository])
    mkdirSync(join(repository, 'hooks'), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\necho "only releases may be pushed here" >&2\nexit 1\n', { mode: 0o755 })
    deployTo(example, repository)
    expectFault(await up(example).ended, 'GIT_PUSH_REJECTED', repository, /only releases may be pushed here/)
  })

  it('mended, up goes on and settles', async () => {
    rmSync(hook)
    await expectSettled(up(example))
    expect(existsSync(join(example.state, 'lock'))).toBe(false)
  })

  if (disk) {
    it('a disk that is full when it starts again is DISK_FULL, and nothing that was acknowledged is lost', async () => {
      disk.fill(0)
      expectFault(await up(example).ended, 'DISK_FULL', example.folder)
      disk.makeRoom()
      await expectSettled(up(example))
    })
  }
})

// Without the right to mount, the limit on the size of a file above is what stands for a disk without room.
if (mayMount()) {
  it('a disk that fills while up works stops nothing for good', async () => {
    const disk = mountDisk(diskMegabytes)
    const example = copyExample(join(disk.folder, 'repository'))
    // Long enough for trainers to meet the full disk too.
    example.edit('specs/handbook/training.yaml', lengthened)
    try {
      const running = up(example)
      await untilSaid(running, /dev\/language\/handbook-lm {2}RUNNING/)
      disk.fill(0)
      await untilSaid(running, /disk .*is full/)
      disk.makeRoom()
      // A trainer that could not write its checkpoint has failed and was tried again.
      await expectSettled(running, true)
    } finally {
      await example.remove()
      disk.remove()
    }
  })
}
