import { randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Fault } from '../domain/fault.ts'
import { specsFolder } from './source.ts'

/**
 * Writes one spec file of a working tree, whole or not at all.
 * @param path under `specs/`, `/` between folders
 * @param expected the text that the file has now, null when there is none
 * @throws Fault FILE_FAILED when the file is not as expected or lies outside, DISK_FULL
 */
export async function writeSpecFile(root: string, path: string, text: string, expected: string | null): Promise<void> {
  const parts = path.split('/')
  if (
    parts[0] !== specsFolder ||
    parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))
  ) {
    throw new Fault('FILE_FAILED', `"${path}" is not a file under ${specsFolder}/`, { retry: 'never' })
  }
  const target = join(root, ...parts)
  await mkdir(dirname(target), { recursive: true })
  if (!(await realpath(dirname(target))).startsWith(`${await realpath(root)}${sep}`)) {
    throw new Fault('FILE_FAILED', `${path} lies behind a link that leads out of the repository`, { retry: 'never' })
  }
  const now = await readFile(target, 'utf8').catch(() => null)
  if (now !== expected) {
    throw new Fault('FILE_FAILED', `${path} changed meanwhile`, { retry: 'soon', hint: 'look at it and ask again' })
  }
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, text)
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true })
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC'
    throw new Fault(full ? 'DISK_FULL' : 'FILE_FAILED', `${path} cannot be written`, { retry: 'later', cause })
  }
}
