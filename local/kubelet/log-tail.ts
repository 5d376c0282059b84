import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** The last lines of a log, those that were put aside because it became too long included. */
export function logTailOf(path: string, lines: number): readonly string[] {
  const tail = tailOf(path, lines, tailBytesMax)
  return tail.length < lines ? [...tailOf(`${path}.1`, lines - tail.length, tailBytesMax), ...tail] : tail
}

const tailBytesMax = 1024 * 1024

/** The last lines of a file, oldest first; empty when there is none. Reads at most `bytesMax` from its end. */
export function tailOf(path: string, lines: number, bytesMax: number): readonly string[] {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    const { size } = fstatSync(file)
    const start = Math.max(0, size - bytesMax)
    const bytes = Buffer.alloc(size - start)
    const read = readSync(file, bytes, 0, bytes.length, start)
    const text = bytes.subarray(0, read).toString('utf8')
    const all = text.replace(/\n$/, '').split('\n')
    // The first is only a part of a line when the file is longer than what was read.
    const whole = start > 0 && all.length > 1 ? all.slice(1) : all
    return text === '' ? [] : whole.slice(-lines)
  } finally {
    closeSync(file)
  }
}
