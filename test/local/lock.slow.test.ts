import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../domain/fault.ts'
import { acquireLock, lockHolder } from '../../local/lock.ts'
import { groupHasMembers, membersFromCommand } from '../../local/process/group.ts'
import { identify, isAlive, ownIdentity, startFromCommand } from '../../local/process/identity.ts'
import { cleanUp, eventually, livesNow, newFolder, program } from '../support/local.ts'

async function faultOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A process that tries to take the lock and, when it has it, holds it until it is killed. */
function contender(folder: string): { said: Promise<string>; pid: number; kill: () => Promise<void> } {
  const [node = '', ...words] = program('test/support/local-lock.ts')
  const child = spawn(node, [...words, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  cleanUp(kill)
  const said = new Promise<string>((resolve) =>
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim())),
  )
  return { said, pid: child.pid ?? 0, kill }
}

describe('the lock of a folder', () => {
  it('a second holder is refused, and told which process holds it, since when and where', async () => {
    const folder = newFolder()
    const lock = await acquireLock(folder, { command: 'specyard up' })
    await lock.update({ url: 'http://127.0.0.1:8787' })
    const fault = await faultOf(acquireLock(folder, { command: 'specyard up' }))
    expect(isFault(fault, 'ALREADY_RUNNING')).toBe(true)
    expect(String(fault)).toContain(`process ${process.pid} (specyard up, since 2`)
    expect(String(fault)).toContain('at http://127.0.0.1:8787')
    expect(lockHolder(folder)).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:8787' })
    await lock.release()
    expect(lockHolder(folder)).toBeUndefined()
    await (await acquireLock(folder, { command: 'again' })).release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('the lock of a living process is respected, that of a killed one is taken over', async () => {
    const folder = newFolder()
    const holder = contender(folder)
    expect(await holder.said).toBe('held')
    expect(isFault(await faultOf(acquireLock(folder, { command: 'x' })), 'ALREADY_RUNNING')).toBe(true)
    await holder.kill()
    const lock = await acquireLock(folder, { command: 'x' })
    expect(lockHolder(folder)?.pid).toBe(process.pid)
    await lock.release()
  })

  it('a living process that has the number of a dead holder is not taken for it', async () => {
    const folder = newFolder()
    writeFileSync(
      join(folder, 'lock'),
      JSON.stringify({ ...ownIdentity(), started: 'another boot/1', id: 'x', command: 'old', since: '', url: null }),
    )
    await (await acquireLock(folder, { command: 'x' })).release()
  })

  it('a lock file that holds nothing readable is taken over', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'lock'), '')
    await (await acquireLock(folder, { command: 'x' })).release()
  })

  it('of eight processes that race for a dead lock, one wins', async () => {
    const folder = newFolder()
    for (let round = 0; round < 3; round += 1) {
      const dead = { pid: 2 ** 22 + 1, started: `nobody/${round}`, id: 'x', command: 'old', since: '', url: null }
      writeFileSync(join(folder, 'lock'), JSON.stringify(dead))
      const contenders = Array.from({ length: 8 }, () => contender(folder))
      const said = await Promise.all(contenders.map((one) => one.said))
      expect(said.filter((word) => word === 'held')).toHaveLength(1)
      expect(said.filter((word) => word === 'ALREADY_RUNNING')).toHaveLength(7)
      const winner = contenders[said.indexOf('held')]
      expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: winner?.pid })
      await Promise.all(contenders.map((one) => one.kill()))
    }
    expect(readdirSync(folder)).toEqual(['lock'])
  })
})

describe('a process', () => {
  it('is known by its start, read from the system or from ps, until it has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
    const pid = child.pid ?? 0
    cleanUp(async () => void child.kill('SIGKILL'))
    const identity = identify(pid)
    const fromCommand = startFromCommand(pid)
    if (!identity) throw new Error('the process has no identity')
    expect(isAlive(identity)).toBe(true)
    expect(isAlive({ ...identity, started: `${identity.started}0` })).toBe(false)
    expect(fromCommand).toMatch(/20\d\d/)
    expect(startFromCommand(pid)).toBe(fromCommand)
    expect([groupHasMembers(identity), membersFromCommand(pid)]).toEqual([true, true])
    child.kill('SIGKILL')
    await eventually('its end', () => !livesNow(pid))
    expect([isAlive(identity), startFromCommand(pid)]).toEqual([false, undefined])
    expect([groupHasMembers(identity), membersFromCommand(pid)]).toEqual([false, false])
  })

  it('whose leader has ended, a group has members as long as one of them lives', async () => {
    const script =
      "const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); c.unref(); console.log(c.pid)"
    const leader = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    const identity = identify(leader.pid ?? 0)
    const member = Number(
      await new Promise((resolve) => leader.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()))),
    )
    cleanUp(async () => {
      if (livesNow(member)) process.kill(member, 'SIGKILL')
    })
    if (!identity) throw new Error('the process has no identity')
    await eventually('the leader to end', () => leader.exitCode !== null)
    expect(groupHasMembers(identity)).toBe(true)
    process.kill(member, 'SIGKILL')
    await eventually('the member to end', () => !livesNow(member))
    expect(groupHasMembers(identity)).toBe(false)
  })
})
