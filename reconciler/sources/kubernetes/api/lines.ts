import { ApiError } from './api-error.ts'

/** An object is at most 1.5 MB in etcd; a line that is longer than this is no event. */
const lineBytesMax = 16 * 1024 * 1024

/**
 * Cuts a stream of bytes into lines: feed it chunks as they come, cut anywhere, also within a character. What stands after the last newline is
 * kept for the next chunk, and lost when there is none: half a line is no event.
 * @throws ApiError for a line that never ends
 */
export function createLineCutter(bytesMax = lineBytesMax): (chunk: Buffer) => readonly string[] {
  let pending: Buffer[] = []
  let pendingBytes = 0
  return (chunk) => {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]).toString('utf8')
      if (line !== '') lines.push(line)
      pending = []
      pendingBytes = 0
      from = end + 1
    }
    if (from < chunk.length) {
      pending.push(chunk.subarray(from))
      pendingBytes += chunk.length - from
      if (pendingBytes > bytesMax) throw new ApiError(`a line has more than ${bytesMax} bytes`)
    }
    return lines
  }
}
