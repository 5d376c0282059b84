import { fstatSync, writeSync } from 'node:fs'
import type { Output } from '../world.ts'

/**
 * Standard output where it is a file, a pipe or a socket: written to by calls that wait, which is what Node's own stream does there, without the four
 * milliseconds that it takes to load that. A pipe that somebody has told not to wait is left to Node's own.
 * @param failed told why nothing more can be written
 * @returns undefined where only Node's own will do, such as on a terminal
 */
export function plainOutput(
  descriptor: number,
  own: () => Output,
  failed: (error: NodeJS.ErrnoException) => void,
): Output | undefined {
  if (!isPlain(descriptor)) return undefined
  let rest: Output | undefined
  return {
    isTTY: false,
    write: (text) => {
      if (rest) return rest.write(text)
      let bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
      try {
        while (bytes.length > 0) bytes = bytes.subarray(writeSync(descriptor, bytes))
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          rest = own()
          return rest.write(bytes)
        }
        failed(error as NodeJS.ErrnoException)
        return false
      }
    },
  }
}

function isPlain(descriptor: number): boolean {
  try {
    const about = fstatSync(descriptor)
    return process.platform !== 'win32' && (about.isFile() || about.isFIFO() || about.isSocket())
  } catch {
    return false
  }
}
