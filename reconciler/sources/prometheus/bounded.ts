/** The text of an answer; undefined where it has more bytes than that, of which no more are read. */
export async function readBounded(answer: Response, bytesMax: number): Promise<string | undefined> {
  const reader = answer.body?.getReader()
  if (!reader) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks).toString('utf8')
    bytes += value.length
    if (bytes > bytesMax) {
      void reader.cancel().catch(() => undefined)
      return undefined
    }
    chunks.push(value)
  }
}
