import fc from 'fast-check'
import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { digestOf, ownSha1, ownSha256 } from '../../domain/digests.ts'

const algorithms = [
  ['sha1', ownSha1],
  ['sha256', ownSha256],
] as const

it.each(algorithms)('%s made here is that of Node, for bytes of every length up to some blocks', (algorithm, own) => {
  for (let length = 0; length < 300; length += 1)
    for (const byte of [0, 0x80, 0xff]) {
      const bytes = new Uint8Array(length).fill(byte)
      expect(own(bytes), `${length} bytes of ${byte}`).toBe(hash(algorithm, bytes))
    }
})

it.each(algorithms)('%s made here is that of Node, for any bytes', (algorithm, own) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10_000, size: 'max' }), (bytes) => own(bytes) === hash(algorithm, bytes)),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 200) },
  )
})

it('a text or bytes have the same digest, before and after the few kilobytes that are hashed here', () => {
  const texts = ['', 'specs', 'ä\ud800\u{1f600}', 'x'.repeat(2000), 'y'.repeat(100_000), 'short again']
  for (let round = 0; round < 5; round += 1)
    for (const text of texts)
      for (const algorithm of ['sha1', 'sha256'] as const) {
        expect(digestOf(algorithm, text)).toBe(hash(algorithm, text))
        expect(digestOf(algorithm, Buffer.from(text, 'utf8'))).toBe(hash(algorithm, text))
      }
})
