import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAll, compileBeside, type Learned, type Others } from '../../compiler/beside.ts'
import type { CompileInput } from '../../compiler/compile-types.ts'
import type { Part } from '../../compiler/parts.ts'
import type { Problem } from '../../domain/problem.ts'
import type { Files } from '../../domain/publication.ts'
import { anyEdit, EditedRepository, type Edit } from '../support/edited-repository.ts'

interface Known {
  readonly learned: Learned
  readonly tree: Files
  readonly texts: ReadonlyMap<string, string>
  readonly rest: string
}

interface Answer {
  readonly problems: readonly Problem[]
  readonly tree: ReadonlyMap<string, string> | null
  /** Files of specs that were compiled, undefined where all were. */
  readonly compiled?: readonly string[]
}

/** Compiles what differs from what is known, as whoever remembers does, and everything where that does not do. */
class Remembering {
  private known: Known | undefined

  compile(repository: EditedRepository): Answer {
    const { input, rest } = repository
    const texts = new Map(input.sources.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]))
    const again = this.known?.rest === rest ? this.compileAgain(input, texts, this.known) : undefined
    if (again) return again
    const { result, learned } = compileAll(input)
    this.known = result.tree && learned ? { learned, tree: result.tree, texts, rest } : undefined
    return { problems: result.problems, tree: result.tree }
  }

  private compileAgain(input: CompileInput, texts: Known['texts'], known: Known): Answer | undefined {
    const { parts, told, general } = known.learned
    for (const [path, { isLeaf }] of parts) if (!isLeaf && texts.get(path) !== known.texts.get(path)) return undefined
    const others = [...parts].filter(
      ([path, { isLeaf }]) => isLeaf && !told.has(path) && texts.get(path) === known.texts.get(path),
    )
    const isOther = new Set(others.map(([path]) => path))
    const sources = input.sources.filter(({ path }) => !isOther.has(path))
    const compiled = compileBeside({ ...input, sources }, together(others.map(([, part]) => part)), general)
    if (!compiled?.learned) return undefined
    const isNewShared = ([path, { isLeaf }]: readonly [string, { readonly isLeaf: boolean }]): boolean =>
      !isLeaf && parts.get(path)?.isLeaf !== false
    if ([...compiled.learned.parts].some(isNewShared)) return undefined
    const kept = others.flatMap(([, { outputs }]) => outputs.map((path) => [path, known.tree.get(path) ?? ''] as const))
    const tree = new Map([...compiled.tree, ...kept])
    this.known = {
      ...known,
      texts,
      tree,
      learned: { ...compiled.learned, parts: new Map([...others, ...compiled.learned.parts]) },
    }
    return { problems: compiled.problems, tree, compiled: sources.map(({ path }) => path) }
  }
}

function together(parts: readonly Part[]): Others {
  return {
    names: parts.flatMap(({ names }) => names),
    addresses: parts.flatMap(({ addresses }) => addresses),
    folders: parts.flatMap(({ folders }) => folders),
    charts: parts.flatMap(({ charts }) => charts),
    entries: parts.flatMap(({ entries }) => entries),
    outputs: parts.flatMap(({ outputs }) => outputs),
  }
}

const sorted = (tree: Answer['tree']): unknown => tree && [...tree].sort()

describe('compiling what changed, beside what is known', () => {
  it('gives what compiling everything gives, after any edits, renames, deletions and publications', () => {
    let partly = 0
    fc.assert(
      fc.property(fc.array(anyEdit, { maxLength: 12 }), (edits) => {
        const repository = new EditedRepository()
        const remembering = new Remembering()
        for (const edit of [undefined, ...edits]) {
          if (edit) repository.apply(edit)
          const { result } = compileAll(repository.input)
          for (let time = 0; time < 2; time += 1) {
            const answer = remembering.compile(repository)
            if (answer.compiled) partly += 1
            expect(answer.problems).toEqual(result.problems)
            expect(sorted(answer.tree)).toEqual(sorted(result.tree))
          }
        }
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 15) },
    )
    expect(partly).toBeGreaterThan(8)
  }, 180_000)

  const shared = ['dev', 'prod', 'documents', 'policy'].map((name) => `specs/${name}.yaml`)
  const cases: readonly [string, readonly Edit[], readonly string[] | undefined][] = [
    ['nothing again when nothing changed', [], []],
    ['one file when one changed', [{ kind: 'write', part: 'one', state: 1, folder: 0 }], ['specs/one.yaml']],
    ['a file that is new at its path', [{ kind: 'write', part: 'one', state: 0, folder: 1 }], ['specs/more/one.yaml']],
    ['nothing when a file is gone', [{ kind: 'remove', part: 'two' }], []],
    [
      'one file whose job moves to another folder and waits in a queue',
      [{ kind: 'write', part: 'one', state: 2, folder: 0 }],
      ['specs/one.yaml'],
    ],
    ['everything when an Environment changed', [{ kind: 'write', part: 'dev', state: 1, folder: 0 }], undefined],
    [
      'everything when a file of specs has other documents too, from then on',
      [
        { kind: 'write', part: 'words', state: 2, folder: 0 },
        { kind: 'write', part: 'mixed', state: 1, folder: 0 },
      ],
      undefined,
    ],
    ['everything when a name is taken twice', [{ kind: 'write', part: 'one', state: 3, folder: 0 }], undefined],
    ['everything when a route is taken twice', [{ kind: 'write', part: 'letters', state: 2, folder: 0 }], undefined],
    ['everything when there is a mistake', [{ kind: 'write', part: 'two', state: 2, folder: 0 }], undefined],
    ['everything after a publication', [{ kind: 'publish' }], undefined],
  ]
  it.each(cases)('compiles %s', (_name, edits, expected) => {
    const repository = new EditedRepository()
    const remembering = new Remembering()
    expect(remembering.compile(repository).compiled).toBeUndefined()
    for (const edit of edits) repository.apply(edit)
    const { compiled } = remembering.compile(repository)
    expect(compiled?.filter((path) => !shared.includes(path))).toEqual(expected)
  })

  it('compiles a file again for as long as there is something to tell of it', () => {
    const repository = new EditedRepository()
    const remembering = new Remembering()
    repository.apply({ kind: 'publish' })
    repository.write('one', 1, 0)
    expect(remembering.compile(repository).problems.map(({ code }) => code)).toEqual(['RUN_SUPERSEDES'])
    const again = remembering.compile(repository)
    expect(again.problems.map(({ code }) => code)).toEqual(['RUN_SUPERSEDES'])
    expect(again.compiled).toContain('specs/one.yaml')
    expect(again.compiled).not.toContain('specs/two.yaml')
  })

  it('compiles everything when something goes that was told, and of no file', () => {
    const repository = new EditedRepository()
    const remembering = new Remembering()
    repository.write('policy', 3, 0)
    expect(remembering.compile(repository).problems.map(({ where }) => where.file)).toContain('specs/prod.yaml')
    expect(remembering.compile(repository).compiled).not.toContain('specs/one.yaml')
    // The last job in its folder, whose Application goes with it.
    repository.apply({ kind: 'remove', part: 'two' })
    const { compiled, problems } = remembering.compile(repository)
    expect(compiled).toBeUndefined()
    expect(problems.map(({ message }) => message)).not.toContain(expect.stringContaining('prod.language.jobs'))
  })
})
