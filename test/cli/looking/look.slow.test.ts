import fc from 'fast-check'
import { readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leftOver } from '../../../cli/specs/writing/destination.ts'
import { partNames } from '../../support/edited-repository.ts'
import { LookedAt } from '../../support/looked-at.ts'

const part = fc.constantFrom(...partNames)
const leaf = fc.constantFrom('one' as const, 'two' as const, 'words' as const, 'letters' as const)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      part: leaf,
      state: fc.nat({ max: 3 }),
      folder: fc.constantFrom(0, 0, 1),
    }),
  },
  fc.record({ do: fc.constant('write' as const), part, state: fc.nat({ max: 3 }), folder: fc.constant(0) }),
  fc.record({ do: fc.constantFrom('remove' as const, 'touch' as const, 'swap' as const, 'swap' as const), part }),
  fc.record({ do: fc.constantFrom('spoil' as const, 'lose' as const, 'restore' as const), output: fc.nat() }),
  fc.record({ do: fc.constant('clock' as const), off: fc.constantFrom(0, -3_600_000) }),
  fc.record({
    do: fc.constantFrom('publish' as const, 'forget' as const, 'cut' as const, 'corrupt' as const, 'program' as const),
  }),
  fc.record({ do: fc.constant('at once' as const), part: leaf, state: fc.nat({ max: 3 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

/** A file changed by hand: as long as before, and as old as anybody can make it. */
function spoil(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text.replace(/[a-z]/, (letter) => (letter === 'x' ? 'y' : 'x')),
  )
  utimesSync(file, new Date(0), new Date(0))
}

async function make(one: Step, at: LookedAt): Promise<void> {
  const output = 'output' in one ? at.outputs()[one.output % Math.max(1, at.outputs().length)] : undefined
  if (one.do === 'write') at.write(one.part, one.state, one.folder)
  else if (one.do === 'remove') at.remove(one.part)
  else if (one.do === 'touch') at.touch(one.part)
  else if (one.do === 'swap') at.swap(one.part)
  else if (one.do === 'spoil' && output !== undefined) spoil(output)
  else if (one.do === 'lose' && output !== undefined) rmSync(output)
  else if (one.do === 'restore' && output !== undefined) writeFileSync(output, readFileSync(output))
  else if (one.do === 'clock') at.clockOff = one.off
  else if (one.do === 'publish') await at.publish()
  else if (one.do === 'forget') rmSync(at.cache, { recursive: true, force: true })
  else if (one.do === 'program') at.maker = at.maker === 'f'.repeat(64) ? '0'.repeat(64) : 'f'.repeat(64)
  else if (one.do === 'cut') for (const file of at.knownFiles()) truncateSync(file, readFileSync(file).length - 40)
  else if (one.do === 'corrupt')
    for (const file of at.knownFiles())
      writeFileSync(file, readFileSync(file, 'utf8').replace('specs/one.yaml', 'specs/two.yaml'))
  else if (one.do === 'at once') {
    // One command reads, another comes and ends, and the first writes what it has read.
    const first = await at.look(true)
    at.write(one.part, one.state)
    await at.finish(await at.look(true))
    await at.finish(first)
  }
}

const runs = Number(process.env['FUZZ_RUNS'] ?? 60)

describe('a command that looks, with what it knows from the last time', () => {
  it('says and leaves what one says and leaves that knows nothing, after any edits, hands and clocks', async () => {
    let partly = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 10 }), async (steps) => {
        using at = new LookedAt()
        await at.finish(await at.look(true))
        for (const [one, isSettled] of steps) {
          if (isSettled) await at.settle()
          await make(one, at)
          if (isSettled) await at.settle()
          const without = await at.look(false)
          const withIt = await at.look(true)
          expect(withIt.problems).toEqual(without.problems)
          expect(withIt.paths).toEqual(without.paths)
          expect(withIt.tree === null).toBe(without.tree === null)
          await at.finish(withIt)
          if (withIt.files.length < without.files.length) partly += 1
          if (!without.tree) continue
          expect((withIt.tree?.size ?? 0) + withIt.standing.length).toBe(without.tree.size)
          for (const [path, text] of without.tree) expect(readFileSync(join(at.to, path), 'utf8')).toBe(text)
          const left = leftOver(at.to, new Set(without.tree.keys()))
          // What two commands write at once neither of them notes.
          const isAlone = steps.every(([each]) => each.do !== 'at once')
          expect(at.left).toEqual(isAlone ? left : left.filter((path) => at.left.includes(path)))
        }
      }),
      { numRuns: runs },
    )
    expect(partly).toBeGreaterThan(runs / 2)
  }, 300_000)

  it('keeps what it knew when one file of hundreds changes, and compiles that one each time', async () => {
    using at = new LookedAt()
    const template = readFileSync(join(at.root, 'specs/one.yaml'), 'utf8')
    for (let index = 0; index < 300; index += 1)
      writeFileSync(join(at.root, `specs/many-${index}.yaml`), template.replace('name: one', `name: many-${index}`))
    await at.finish(await at.look(true))
    await at.settle()
    // Then all that is there is known by how it stands, and nothing has to be read again.
    rmSync(at.cache, { recursive: true })
    await at.finish(await at.look(true))
    const known = at.knownFiles().map((path) => readFileSync(path, 'utf8'))
    const changed = join(at.root, 'specs/many-7.yaml')
    writeFileSync(changed, readFileSync(changed, 'utf8').replace('epochs: 3', 'epochs: 4'))
    for (const written of [1, 0]) {
      const looked = await at.look(true)
      expect(at.compiled(looked)).toEqual(['specs/many-7.yaml'])
      expect(await at.finish(looked)).toBe(written)
    }
    expect(at.knownFiles().map((path) => readFileSync(path, 'utf8'))).toEqual(known)
    writeFileSync(changed, readFileSync(changed, 'utf8').replace('epochs: 4', 'epochs: 3'))
    // The file of the digest before is there still.
    expect(await at.finish(await at.look(true))).toBe(0)
    const [first, again] = [await at.look(false), await at.look(true)]
    for (const [path, text] of first.tree ?? []) expect(readFileSync(join(at.to, path), 'utf8')).toBe(text)
    expect((again.tree?.size ?? 0) + again.standing.length).toBe(first.tree?.size)
  }, 60_000)
})
