import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readOrCreateSigningKey } from '../../api/signing-key.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'specyard-key-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the signing key', () => {
  it('is made once, for everybody who asks at once, and is the same from then on', async () => {
    const path = join(folder, 'state', 'signing-key')
    const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateSigningKey(path, undefined)))
    const again = await readOrCreateSigningKey(path, undefined)
    expect(new Set([...keys, again].map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
    expect(again.length).toBe(32)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'state'))).toEqual(['signing-key'])
  })

  it('that others may read is refused', async () => {
    const path = join(folder, 'signing-key')
    await readOrCreateSigningKey(path, undefined)
    await chmod(path, 0o640)
    await expect(readOrCreateSigningKey(path, undefined)).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' })
  })

  it('that is too short is refused, from a file or as given, and is not in the message', async () => {
    const path = join(folder, 'signing-key')
    await writeFile(path, 'short', { mode: 0o600 })
    await expect(readOrCreateSigningKey(path, undefined)).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' })
    const refused = readOrCreateSigningKey(path, 'hunter2')
    await expect(refused).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' })
    await expect(refused).rejects.not.toThrow(/hunter2/)
  })

  it('that is given is used and no file is made', async () => {
    const given = 'a key of thirty-two bytes or more'
    expect(Buffer.from(await readOrCreateSigningKey(join(folder, 'key'), given)).toString()).toBe(given)
    expect(await readdir(folder)).toEqual([])
  })

  it('that cannot be written is a fault with the path', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(readOrCreateSigningKey(join(folder, 'file', 'key'), undefined)).rejects.toMatchObject({
      ...{ code: 'FILE_FAILED', message: expect.stringContaining(folder) },
    })
  })
})
