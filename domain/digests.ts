import { hash } from 'node:crypto'

/*
 * Digests. To load Node's `crypto`, which brings all of its streams, takes three milliseconds: so the first few kilobytes that a process hashes are
 * hashed here, and a check of few specs never loads it. Both give the same, so that nothing depends on who did it.
 */

/** They take half as long as to load `crypto`: that much is lost where more is to be hashed. */
const ownBytesMax = 6 * 1024
let ownBytesLeft = ownBytesMax

/** Hexadecimal digest of a UTF-8 text or of bytes. */
export function digestOf(algorithm: 'sha1' | 'sha256', content: string | Uint8Array): string {
  const bytes = bytesToHashHere(content)
  if (!bytes) return hash(algorithm, content)
  return algorithm === 'sha1' ? ownSha1(bytes) : ownSha256(bytes)
}

/** Undefined for what is left to Node, as is everything after it. */
function bytesToHashHere(content: string | Uint8Array): Uint8Array | undefined {
  // A text has as many bytes as characters, or more.
  const bytes = content.length > ownBytesLeft || typeof content !== 'string' ? content : Buffer.from(content, 'utf8')
  const isShort = typeof bytes !== 'string' && bytes.length <= ownBytesLeft
  ownBytesLeft = isShort ? ownBytesLeft - bytes.length : 0
  return isShort ? bytes : undefined
}

const blockBytes = 64

/** What is hashed, with what is put behind it: a bit, and the number of bits. Whole blocks. */
function padded(bytes: Uint8Array): DataView {
  const length = Math.ceil((bytes.length + 9) / blockBytes) * blockBytes
  const whole = new Uint8Array(length)
  whole.set(bytes)
  whole[bytes.length] = 0x80
  const view = new DataView(whole.buffer)
  view.setUint32(length - 4, bytes.length * 8)
  return view
}

function hexOf(words: Int32Array): string {
  return Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
// prettier-ignore
const rounds256 = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
)

/** @see https://csrc.nist.gov/pubs/fips/180-4/upd1/final, whose names of variables these are (6.2.2) */
export function ownSha256(bytes: Uint8Array): string {
  const message = padded(bytes)
  const state = Int32Array.of(
    ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a],
    ...[0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  )
  const w = new Int32Array(64)
  for (let block = 0; block < message.byteLength; block += blockBytes) {
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
    for (let t = 0; t < 64; t += 1) {
      if (t < 16) w[t] = message.getInt32(block + t * 4)
      else {
        const [x, y] = [w[t - 15] ?? 0, w[t - 2] ?? 0]
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
        w[t] = (w[t - 16] ?? 0) + s0 + (w[t - 7] ?? 0) + s1
      }
      const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t1 = h + sum1 + ((e & f) ^ (~e & g)) + (rounds256[t] ?? 0) + (w[t] ?? 0)
      const t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c))
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    addTo(state, [a, b, c, d, e, f, g, h])
  }
  return hexOf(state)
}

/** @see ownSha256, 6.1.2 there */
export function ownSha1(bytes: Uint8Array): string {
  const message = padded(bytes)
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const w = new Int32Array(80)
  for (let block = 0; block < message.byteLength; block += blockBytes) {
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = state
    for (let t = 0; t < 80; t += 1) {
      const x = (w[t - 3] ?? 0) ^ (w[t - 8] ?? 0) ^ (w[t - 14] ?? 0) ^ (w[t - 16] ?? 0)
      w[t] = t < 16 ? message.getInt32(block + t * 4) : (x << 1) | (x >>> 31)
      const next = ((a << 5) | (a >>> 27)) + choice(t, b, c, d) + e + (w[t] ?? 0)
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next | 0
    }
    addTo(state, [a, b, c, d, e])
  }
  return hexOf(state)
}

/** The function of the round with its constant. */
function choice(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) ^ (~b & d)) + 0x5a827999
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1
  return t < 60 ? ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6
}

/** Each word modulo 2^32. */
function addTo(state: Int32Array, words: readonly number[]): void {
  for (const [index, word] of words.entries()) state[index] = (state[index] ?? 0) + word
}
