import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '../domain/fault.ts'

export const signingKeyBytesMin = 32

/**
 * The key that callback tokens are signed with: the one that is given, else that of the file, which is made when it is missing.
 * A file is complete when it appears, and of several processes that make it at once all get the same key.
 * @param given text of at least 32 bytes, e.g. `openssl rand -base64 32`
 * @throws Fault SIGNING_KEY_INVALID, FILE_FAILED
 */
export async function readOrCreateSigningKey(path: string, given: string | undefined): Promise<Uint8Array> {
  if (given !== undefined) return longEnough(new TextEncoder().encode(given), 'the signing key that was given')
  try {
    return (await readKey(path)) ?? (await createKey(path))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault(
      'FILE_FAILED',
      `cannot read or make the signing key ${path} (${codeOf(error) ?? 'unknown error'})`,
      {
        retry: 'never',
        hint: 'check that the folder is there and that we may write to it',
        cause: error,
      },
    )
  }
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0)
      throw new Fault('SIGNING_KEY_INVALID', `other users may read the signing key ${path}`, {
        retry: 'never',
        hint: `remove the file, so that a new key is made, or, if nobody else can have read it, run: chmod 600 ${path}`,
      })
    return longEnough(await readFile(path), `the signing key ${path}`)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function createKey(path: string): Promise<Uint8Array> {
  await mkdir(dirname(path), { recursive: true })
  const unfinished = `${path}.${randomUUID()}`
  try {
    const file = await open(unfinished, 'wx', 0o600)
    try {
      await file.writeFile(randomBytes(signingKeyBytesMin))
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(unfinished, 0o600)
    // A link, not a rename: it never replaces the key that another process made meanwhile.
    await link(unfinished, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  } finally {
    await rm(unfinished, { force: true })
  }
  const key = await readKey(path)
  if (key === undefined) throw new Error(`${path} is gone`)
  return key
}

function longEnough(key: Uint8Array, what: string): Uint8Array {
  if (key.length >= signingKeyBytesMin) return new Uint8Array(key)
  throw new Fault('SIGNING_KEY_INVALID', `${what} has ${key.length} bytes; it needs ${signingKeyBytesMin} or more`, {
    retry: 'never',
    hint: 'make one with: openssl rand -base64 32',
  })
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
