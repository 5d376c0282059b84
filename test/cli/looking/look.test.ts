import { chmodSync, readFileSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Identity, isSettled } from '../../../cli/specs/looking/identity.ts'
import { type Difference, isWorthKeeping } from '../../../cli/specs/looking/look.ts'
import { Sight } from '../../../cli/specs/looking/sight.ts'
import { LookedAt } from '../../support/looked-at.ts'

const everything = ['letters', 'mixed', 'one', 'two', 'words'].map((name) => `specs/${name}.yaml`)
const ofOne = /jobs\/one-[0-9a-f]{8}-1\.yaml$/

/** A repository that has been compiled, and nothing changes at that moment. */
async function compiled(): Promise<LookedAt> {
  const at = new LookedAt()
  await at.finish(await at.look(true))
  await at.settle()
  // What was written a moment before is known only now.
  await at.finish(await at.look(true))
  return at
}

function outputOf(at: LookedAt): string {
  return at.outputs().find((path) => ofOne.test(path)) ?? ''
}

/** As many bytes as before, and as old. */
function changeByHand(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace('apiVersion', 'apiversioN'))
  utimesSync(file, new Date(0), new Date(0))
}

describe('a tree that is compiled again', () => {
  const cases: readonly [string, (at: LookedAt) => void, { compiled: readonly string[]; written: number }][] = [
    ['compiles and writes nothing when nothing changed', () => undefined, { compiled: [], written: 0 }],
    [
      'compiles and writes one file when one changed',
      (at) => at.write('one', 1),
      { compiled: ['specs/one.yaml'], written: 1 },
    ],
    [
      'compiles a file that changed in no byte but its time no more',
      (at) => at.touch('one'),
      { compiled: [], written: 0 },
    ],
    [
      'sees a change that leaves size and time as they were',
      (at) => at.swap('one'),
      { compiled: ['specs/one.yaml'], written: 1 },
    ],
    [
      'compiles a file again that was moved',
      (at) => at.write('one', 0, 1),
      { compiled: ['specs/more/one.yaml'], written: 1 },
    ],
    ['compiles nothing when a file is gone', (at) => at.remove('one'), { compiled: [], written: 0 }],
    ['writes again what was deleted', (at) => rmSync(outputOf(at)), { compiled: ['specs/one.yaml'], written: 1 }],
    [
      'writes again what was changed by hand, whatever its size and time say',
      (at) => changeByHand(outputOf(at)),
      { compiled: ['specs/one.yaml'], written: 1 },
    ],
    [
      'compiles everything when a Dataset changed',
      (at) => at.write('documents', 1),
      { compiled: everything, written: 4 },
    ],
    [
      'compiles everything when what it knows is cut off',
      (at) => at.knownFiles().forEach((file) => truncateSync(file, 300)),
      { compiled: everything, written: 0 },
    ],
    [
      'compiles everything when what it knows was made by another program',
      (at) => void (at.maker = '0'.repeat(64)),
      { compiled: everything, written: 0 },
    ],
    [
      'compiles everything when somebody else may write what it knows',
      (at) => at.knownFiles().forEach((file) => chmodSync(file, 0o666)),
      { compiled: everything, written: 0 },
    ],
    [
      'compiles everything when somebody else may write where it is kept',
      (at) => chmodSync(at.cache, 0o777),
      { compiled: everything, written: 0 },
    ],
    [
      'compiles everything when it is deleted',
      (at) => rmSync(at.cache, { recursive: true }),
      { compiled: everything, written: 0 },
    ],
  ]
  it.each(cases)('%s', async (_name, change, expected) => {
    using at = await compiled()
    change(at)
    const looked = await at.look(true)
    expect({ compiled: at.compiled(looked), written: await at.finish(looked) }).toEqual(expected)
    const without = await at.look(false)
    expect(looked.problems).toEqual(without.problems)
    for (const [path, text] of without.tree ?? []) expect(readFileSync(join(at.to, path), 'utf8')).toBe(text)
  })

  it('reads a file again whose last change was too near to the look at it', async () => {
    using at = new LookedAt()
    await at.finish(await at.look(true))
    at.clockOff = -1_000
    at.write('one', 1)
    await at.finish(await at.look(true))
    at.clockOff = 0
    at.swap('one')
    expect(at.compiled(await at.look(true))).toContain('specs/one.yaml')
  })

  it('tells of a file that no spec makes any more each time, until it is gone', async () => {
    using at = await compiled()
    const old = outputOf(at).slice(at.to.length + 1)
    at.remove('one')
    for (const spec of ['two', 'words', 'letters'] as const) {
      await at.finish(await at.look(true))
      expect(at.left).toContain(old)
      at.write(spec, 1)
    }
    rmSync(join(at.to, old))
    await at.finish(await at.look(true))
    expect(at.left).not.toContain(old)
  })

  it('leaves it to whoever writes a file to tell why it cannot be looked at', async () => {
    using at = await compiled()
    const jobs = dirname(outputOf(at))
    rmSync(jobs, { recursive: true })
    symlinkSync('jobs', jobs)
    const looked = await at.look(true)
    expect(at.compiled(looked)).toContain('specs/one.yaml')
    await expect(at.finish(looked)).rejects.toThrow(/jobs\/.* cannot be written \(ELOOP\)/)
  })

  it('leaves it to whoever reads a file to tell why it cannot be looked at', async () => {
    using at = await compiled()
    const sight = new Sight(at.root, undefined, undefined, Date.now())
    expect(sight.isKnown(`specs/${'a'.repeat(300)}.yaml`)).toBe(false)
  })

  it('reads what a link leads to each time', async () => {
    using at = await compiled()
    symlinkSync('one.yaml', join(at.root, 'specs/linked.yaml'))
    await at.finish(await at.look(true))
    const { problems } = await at.look(true)
    expect(problems.map(({ code }) => code)).toContain('NAME_TAKEN')
  })

  it('knows by their bytes only those files that were written in the last moment', async () => {
    using at = new LookedAt()
    await at.finish(await at.look(false))
    const looked = await at.look(true)
    // Times of whole seconds are not relied on for long, but where another file has a later one.
    const last = Math.floor(Date.now() / 1_000) * 1_000
    const changed = (path: string): number => (ofOne.test(path) ? last : last - 0.5)
    looked.remember(new Map([...(looked.tree ?? [])].map(([path]) => [path, [1, last, changed(path), 1]])))
    const [note = ''] = at.knownFiles().map((path) => readFileSync(path, 'utf8'))
    const { leaves } = JSON.parse(note.slice(note.indexOf('\n{'))) as { leaves: { byDigest: readonly unknown[] } }
    expect(leaves.byDigest).toHaveLength(1)
  })

  it('keeps nothing of two commands that write at once', async () => {
    using at = await compiled()
    const known = at.knownFiles().map((path) => readFileSync(path, 'utf8'))
    const first = await at.look(true)
    at.write('one', 1)
    const second = await at.look(true)
    await at.finish(second)
    await at.finish(first)
    expect(at.knownFiles().map((path) => readFileSync(path, 'utf8'))).toEqual(known)
    await at.finish(await at.look(true))
    expect(readFileSync(outputOf(at), 'utf8')).toBeDefined()
  })
})

describe('specs that are checked again', () => {
  it('are read where they changed', async () => {
    using at = new LookedAt()
    await at.settle()
    const first = await at.look(true, null)
    first.remember(new Map())
    expect(at.compiled(first)).toEqual(everything)
    at.swap('two')
    const second = await at.look(true, null)
    expect(at.compiled(second)).toEqual(['specs/two.yaml'])
    expect(second.paths).toEqual(first.paths)
  })

  it('are all read while there is a mistake in one of them', async () => {
    using at = new LookedAt()
    await at.settle()
    const first = await at.look(true, null)
    first.remember(new Map())
    at.write('two', 2)
    const second = await at.look(true, null)
    second.remember(new Map())
    expect(second.problems.map(({ code }) => code)).toEqual(['KEY_UNKNOWN'])
    expect(at.compiled(second)).toEqual(everything)
    at.write('two', 0)
    expect(at.compiled(await at.look(true, null))).toEqual([])
  })
})

describe('what is known anew is worth writing down', () => {
  const nothing = { leaves: 400, compiled: 0, gone: 0, read: 0 }
  it.each<[string, Difference, boolean]>([
    ['nothing', nothing, false],
    ['two files of 400 that were compiled', { ...nothing, compiled: 2 }, false],
    ['three files of 400 that were compiled', { ...nothing, compiled: 3 }, true],
    ['forty files that were read and are what they were', { ...nothing, read: 40 }, false],
    ['four hundred files, read and what they were', { ...nothing, read: 400 }, true],
    ['two files of 400 are gone', { ...nothing, leaves: 398, gone: 2 }, true],
  ])('%s', (_name, difference, expected) => {
    expect(isWorthKeeping(difference)).toBe(expected)
  })
})

describe('whether a change of a file would show', () => {
  it.each<[string, Identity, number, number?]>([
    ['a while after the change before', [10, 1_000.4, 1_000.4, 1], 1_060],
    ['long after, where times are whole seconds', [10, 1_000, 1_000, 1], 4_000],
    ['in that moment, when another file has a later time already', [10, 1_000.4, 1_000.4, 1], 1_020, 1_004.4],
  ])('it would %s', (_name, identity, at, newest) => {
    expect(isSettled(identity, at, newest)).toBe(true)
  })
  it.each<[string, Identity, number, number?]>([
    ['in the moment of the change before', [10, 1_000.4, 1_000.4, 1], 1_020],
    ['in that moment, when another file has the same time', [10, 1_000.4, 1_000.4, 1], 1_020, 1_000.4],
    ['when only its other time is near', [10, 400.5, 1_000.4, 1], 1_020],
    ['a while later, where times are whole seconds', [10, 1_000, 1_000, 1], 1_060],
    ['where they are, when another file has a later time', [10, 1_000, 1_000, 1], 1_060, 1_004.4],
    ['when the clock went back', [10, 5_000.4, 5_000.4, 1], 1_000],
    ['when it went back, and another file has a later time', [10, 5_000.4, 5_000.4, 1], 1_000, 5_004.4],
  ])('it would not %s', (_name, identity, at, newest) => {
    expect(isSettled(identity, at, newest)).toBe(false)
  })
})
