import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'

let written = 0

/** Puts a whole file in the place of another, or of none: a reader sees the old text or the new one, also after a loss of power. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const temporary = writeTemporary(path, text, mode)
  try {
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Creates a file with its whole text; false when there is one already. Of several who try, one succeeds. */
export function createWhole(path: string, text: string, mode = 0o600): boolean {
  const temporary = writeTemporary(path, text, mode)
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    return createWithoutLinks(path, text, mode)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** The text of a file; undefined when there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** The JSON value of a file; undefined when there is no file or it holds no JSON. */
export function readJson(path: string): unknown {
  const text = readText(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function writeTemporary(path: string, text: string, mode: number): string {
  written += 1
  const temporary = `${path}.${process.pid}-${written}.tmp`
  const file = openSync(temporary, 'w', mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  return temporary
}

/** For file systems without hard links. */
function createWithoutLinks(path: string, text: string, mode: number): boolean {
  try {
    const file = openSync(path, 'wx', mode)
    try {
      writeSync(file, text)
    } finally {
      closeSync(file)
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
