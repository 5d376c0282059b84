import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../cli/specs/looking/identity.ts'
import {
  type KnownFile,
  KnownLeaves,
  type KnownOutput,
  writtenLeaves,
  writtenStanding,
} from '../../../cli/specs/looking/leaves.ts'

const text = fc.stringMatching(/^[a-zäß "\\\n/-]{1,12}$/)
const name = fc.stringMatching(/^[a-z-]{1,6}$/)
const identity: fc.Arbitrary<Identity> = fc.tuple(
  fc.nat(),
  fc.double({ noNaN: true }),
  fc.double({ noNaN: true }),
  fc.nat(),
)
const digest = fc.stringMatching(/^[0-9a-f]{64}$/)
const output: fc.Arbitrary<KnownOutput> = fc.oneof(identity, digest)
const texts = fc.array(text, { maxLength: 3 })
const outputs = fc.array(fc.tuple(text, output), { maxLength: 3 })
const file = fc
  .record({
    digest,
    identity: fc.option(identity),
    told: fc.boolean(),
    names: texts,
    addresses: texts,
    folders: fc.array(fc.record({ environment: name, project: name, queues: fc.boolean() }), { maxLength: 3 }),
    charts: texts,
    entries: texts,
    outputs,
  })
  .map(({ digest, identity, told, outputs, ...rest }): KnownFile => {
    const part = { isLeaf: true, ...rest, outputs: outputs.map(([path]) => path) }
    return { digest, identity, told, part, outputs: outputs.map(([, known]) => known) }
  })
const files = fc.dictionary(text, file, { noNullPrototype: true }).map((all) => new Map(Object.entries(all)))

/** Written down and read again; `undefined` where that is not possible. */
function again(leaves: ReadonlyMap<string, KnownFile>, isWritten = true): KnownLeaves | undefined {
  const written = writtenLeaves(leaves)
  const standing = writtenStanding(leaves, isWritten ? () => '' : undefined)
  return (
    written &&
    new KnownLeaves(JSON.parse(JSON.stringify({ ...written, ...standing })) as typeof written & typeof standing)
  )
}

describe('what is known of leaves', () => {
  it('is read as it was written down', () => {
    fc.assert(
      fc.property(files, (leaves) => {
        const known = again(leaves)
        expect([...(known?.numbers.keys() ?? [])]).toEqual([...leaves.keys()])
        for (const [path, file] of leaves) {
          const leaf = known?.numbers.get(path) ?? NaN
          expect(known?.fileOf(leaf, new Map())).toEqual(file)
          expect(known?.isTold(leaf)).toBe(file.told)
        }
      }),
    )
  })

  it('is the same of some of them together, each folder and chart once', () => {
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.boolean()), (leaves, chances) => {
        const some = [...leaves.values()].flatMap((file, leaf) =>
          chances.next().value ? [{ part: file.part, leaf }] : [],
        )
        const together = again(leaves)?.together(new Set(some.map(({ leaf }) => leaf)))
        for (const list of ['names', 'addresses', 'entries', 'outputs'] as const)
          expect(together?.[list]).toEqual(some.flatMap(({ part }) => part[list]))
        expect(together?.charts).toEqual([...new Set(some.flatMap(({ part }) => part.charts))])
        const folders = new Map(
          some.flatMap(({ part }) => part.folders).map((folder) => [JSON.stringify(folder), folder]),
        )
        expect(together?.folders).toEqual([...folders.values()])
      }),
    )
  })

  const part = {
    isLeaf: true,
    names: ['one'],
    addresses: [],
    folders: [],
    charts: [],
    entries: [],
    outputs: ['a', 'b'],
  }
  const digestOf = (letter: string): string => letter.repeat(64)
  const before: Identity = [1, 2.5, 3.25, 4]
  const now: Identity = [5, 6.5, 7.25, 8]
  const one: KnownFile = {
    digest: digestOf('0'),
    identity: before,
    part,
    told: false,
    outputs: [before, digestOf('1')],
  }

  it('is written again with how files stand of which more is known by now', () => {
    const known = again(
      new Map([
        ['zero', one],
        ['one', one],
      ]),
    )
    const renewed = new Map([
      [1, null],
      [known?.placeOf(3) ?? NaN, now],
    ])
    expect(known?.fileOf(0, renewed)).toEqual(one)
    expect(known?.fileOf(1, renewed)).toEqual({ ...one, identity: null, outputs: [before, now] })
  })

  it('is how files stand that were written just now', () => {
    const { outputs: _outputs, ...written } = one
    const known = writtenStanding(new Map([['one', written]]), (path) => (path === 'a' ? now : digestOf('2')))
    expect(known.byDigest).toEqual([[1, digestOf('2')]])
  })

  it('is nothing of files that are not written', () => {
    const known = again(new Map([['one', one]]), false)
    expect(known?.fileOf(0, new Map())).toMatchObject({ identity: before, outputs: ['', ''] })
  })

  it.each<[string, string, KnownFile]>([
    ['a path', 'one\x7f', one],
    ['a name', 'one', { ...one, part: { ...part, names: ['one', 'o\x7fne'] } }],
  ])('is not written down where %s has the character that parts them', (_name, path, file) => {
    expect(again(new Map([[path, file]]))).toBeUndefined()
  })
})
