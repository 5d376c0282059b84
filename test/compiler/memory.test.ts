import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { type Memory, memoryOfProcess, recalled } from '../../compiler/load/memory.ts'
import type { Deployed, SourceFile } from '../../domain/publication.ts'
import { address, chart, deployedAfter, endpoint, nothing, source, training } from '../support/compiler.ts'

/** The parts of a repository, each in some states that differ in what they mean, some of them broken. */
const environment = (more: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, follow: newest, images: { example/trainer: trainer }${more} }
`
const states = {
  dev: [environment(''), environment(', nodeLostSeconds: 60'), environment(', queues: [gpu]'), 'kind: Environment\n'],
  prod: [
    'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: prod }\nspec: { cluster: { kubernetes: { context: prod, namespaces: { language: ml } } } }\n',
    'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: prod }\nspec: { cluster: { kubernetes: { context: prod, namespaces: { language: other } } } }\n',
  ],
  data: [
    'apiVersion: specyard.dev/v1\nkind: Dataset\nmetadata: { name: text, project: language }\nspec: { uri: data, format: text }\n',
    'apiVersion: specyard.dev/v1\nkind: Dataset\nmetadata: { name: text, project: language }\nspec: { uri: elsewhere, format: text }\n---\napiVersion: specyard.dev/v1\nkind: PromptTemplate\nmetadata: { name: plain, project: language }\nspec: { text: Say }\n',
    'a: [\n',
  ],
  model: [
    'apiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: letters, project: language }\nspec: { family: char-loglinear }\n',
    'apiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: letters, project: language }\nspec: { family: other }\n',
  ],
  training: [
    training(),
    training('letters', '  env: { A: "b" }\n'),
    training('words'),
    training('letters', '  queue: gpu\n'),
    training('letters', '  colour: blue\n'),
    `${training('one')}---\n# a comment\n${training('two')}`,
  ],
  endpoint: [endpoint(), endpoint('  env: { A: "b" }\n'), endpoint('  promptTemplate: { ref: plain }\n')],
} as const
type Part = keyof typeof states
const parts = Object.keys(states) as Part[]

type Edit =
  | { readonly kind: 'write'; readonly part: Part; readonly state: number; readonly folder: number }
  | { readonly kind: 'remove'; readonly part: Part }
  | { readonly kind: 'publish' | 'chart' | 'commit' | 'address' }
const part = fc.constantFrom(...parts)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write'), part, state: fc.nat({ max: 5 }), folder: fc.nat({ max: 1 }) }),
  },
  fc.record({ kind: fc.constant('remove'), part }),
  fc.constantFrom({ kind: 'publish' }, { kind: 'chart' }, { kind: 'commit' }, { kind: 'address' } as const),
) as fc.Arbitrary<Edit>

/** A repository that is edited, and what is deployed of it. */
class World {
  /** By part, so that writing one into another folder is a rename. */
  readonly files = new Map<Part, SourceFile>()
  deployed: Deployed = nothing
  private version = 0
  private commit = 0
  private branch = 'main'

  constructor() {
    for (const part of parts) this.write(part, 0, 0)
  }

  write(part: Part, state: number, folder: number): void {
    const texts: readonly string[] = states[part]
    const bytes = new TextEncoder().encode(texts[state % texts.length])
    this.files.set(part, { path: `specs/${folder === 0 ? '' : 'more/'}${part}.yaml`, bytes })
  }

  compile(memory?: Memory): CompileResult {
    const input = {
      sources: [...this.files.values()],
      source: { ...source, commit: String(this.commit).padStart(40, '0') },
      deployed: this.deployed,
      chart: { ...chart, version: `0.1.${this.version}` },
      deploy: { ...address, branch: this.branch },
    }
    return compile(input, { memory })
  }

  apply(edit: Edit): void {
    if (edit.kind === 'write') this.write(edit.part, edit.state, edit.folder)
    else if (edit.kind === 'remove') this.files.delete(edit.part)
    else if (edit.kind === 'chart') this.version += 1
    else if (edit.kind === 'commit') this.commit += 1
    else if (edit.kind === 'address') this.branch = `${this.branch}x`
    else this.deployed = deployedAfter(this.deployed, this.compile().change)
  }
}

/** Forgets, as whoever deletes a cache does. */
const forgetful = (memory: Memory, forgets: () => boolean): Memory => ({
  ...memory,
  recall: (key) => (forgets() ? undefined : memory.recall(key)),
})

describe('a compilation with a memory', () => {
  it('gives what one without gives, after any edits, renames and deletions, and whatever is forgotten', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), fc.infiniteStream(fc.boolean()), (edits, chance) => {
        const world = new World()
        const memory = memoryOfProcess()
        const partly = forgetful(memoryOfProcess(5_000), () => chance.next().value === true)
        for (const one of [undefined, ...edits]) {
          if (one) world.apply(one)
          const without = world.compile()
          expect(world.compile(memory)).toEqual(without)
          expect(world.compile(memory)).toEqual(without)
          expect(world.compile(partly)).toEqual(without)
        }
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    )
  }, 60_000)

  it('reads again only what changed', () => {
    const world = new World()
    const asked: boolean[] = []
    const memory = memoryOfProcess()
    const watched: Memory = {
      ...memory,
      recall: (key) => {
        const found = memory.recall(key)
        asked.push(found !== undefined)
        return found
      },
    }
    world.compile(watched)
    expect(asked).toEqual(parts.map(() => false))
    asked.length = 0
    world.write('model', 1, 0)
    world.compile(watched)
    expect(asked.filter((one) => !one)).toHaveLength(1)
    expect(asked).toHaveLength(parts.length)
  })

  it('keeps nothing of a file with problems, so that each is told at its place', () => {
    const world = new World()
    world.write('training', 4, 0)
    const memory = memoryOfProcess()
    const [first, second] = [world.compile(memory), world.compile(memory)]
    expect(first.problems.map((one) => one.code)).toEqual(['KEY_UNKNOWN'])
    expect(second).toEqual(first)
  })

  it('tells problems of meaning at their places in files that it did not read again', () => {
    const world = new World()
    const memory = memoryOfProcess()
    world.write('training', 3, 0)
    world.write('dev', 2, 0)
    world.compile(memory)
    world.write('dev', 0, 0)
    const { problems } = world.compile(memory)
    expect(problems.map((one) => [one.code, one.where.line, one.where.column])).toEqual([['QUEUE_UNKNOWN', 12, 10]])
  })
})

describe('what a memory is asked by', () => {
  const keyOf = (value: string, bytes: Uint8Array, stage = 'a stage', maker = 'a program'): string => {
    let asked = ''
    const memory = { maker, recall: (key: string) => void (asked = key), keep: () => undefined }
    recalled({ ...memory, recall: (key) => (memory.recall(key), undefined) }, { stage, value, bytes }, () => undefined)
    return asked
  }
  const bytes = new TextEncoder().encode('text')

  it.each([
    ['another path', keyOf('b', bytes)],
    ['another text', keyOf('a', new TextEncoder().encode('texts'))],
    ['another stage', keyOf('a', bytes, 'another')],
    ['another program', keyOf('a', bytes, 'a stage', 'another')],
    ['a byte that moves from the text to the path', keyOf('at', new TextEncoder().encode('ext'))],
    ['no text', keyOf('a', new Uint8Array())],
  ])('changes with %s', (_name, other) => {
    expect(other).toMatch(/^[0-9a-f]{64}$/)
    expect(other).not.toBe(keyOf('a', bytes))
  })

  it('is the same for the same', () => {
    expect(keyOf('a', bytes)).toBe(keyOf('a', new TextEncoder().encode('text')))
  })
})

describe('a compilation that is watched', () => {
  it('ends with what the watcher throws', () => {
    let pulses = 0
    const pulse = (): void => {
      pulses += 1
      if (pulses > 3) throw new Error('too long')
    }
    const sources = [...new World().files.values()]
    const input = { sources, source, deployed: nothing, chart, deploy: address }
    expect(() => compile(input, { pulse })).toThrow('too long')
    expect(pulses).toBe(4)
  })
})
