/** Said of one connection, and no matter of the next one (RFC 9110, 7.6.1). */
const ofConnection = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  // Answered by whoever reads the request first.
  'expect',
])

/** By this header a request asks for the candidate, whatever its weight; by it an answer says who gave it. */
export const trackHeader = 'x-specyard-track'

/**
 * Headers without those of the connection that they came over.
 * @param raw names and values in turn, as they came
 */
export function passedOn(raw: readonly string[]): string[] {
  const dropped = new Set(ofConnection)
  for (const [name, value] of pairs(raw))
    if (name.toLowerCase() === 'connection') for (const word of value.split(',')) dropped.add(word.trim().toLowerCase())
  return pairs(raw)
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .flat()
}

export function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []))
}
