import fc from 'fast-check'
import type { CompileInput } from '../../compiler/compile-types.ts'
import { judge } from '../../compiler/policy/judge.ts'
import { compile } from '../../compiler/compile.ts'
import type { Deployed, SourceFile } from '../../domain/publication.ts'
import { address, chart, deployedAfter, endpoint, nothing, source, training } from './compiler.ts'

/*
 * A repository of shared documents and of files with trainings and endpoints, each part in some states that differ in what they mean: names and
 * routes that collide, queues, several environments, warnings, mistakes. What edits may do to it is up to chance.
 */

const dev = (more: string): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: local, follow: newest, images: { example/trainer: trainer }${more} }
`
const prod = (namespace: string, more = ''): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec: { cluster: { kubernetes: { context: prod, namespaces: { language: ${namespace} } } }, queues: [gpu], ingress: { host: models.example.com }${more} }
`
const documents = `apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
const applications = `apiVersion: specyard.dev/v1
kind: Policy
metadata: { name: applications }
spec:
  validationActions: [Warn]
  matchConstraints:
    resourceRules: [{ apiGroups: [argoproj.io], apiVersions: [v1alpha1], resources: [applications] }]
  validations:
    - { expression: 'object.metadata.name.size() < 5', message: long names are hard to read }
`
const policy = (limit: number): string => `apiVersion: specyard.dev/v1
kind: Policy
metadata: { name: small }
spec:
  validationActions: [Warn]
  matchConstraints:
    resourceRules: [{ apiGroups: [batch], apiVersions: [v1], resources: [jobs] }]
  validations:
    - { expression: 'object.metadata.name.size() < ${limit}', message: long names are hard to read }
`
const inProd = (name: string, more = ''): string =>
  training(name, more).replace('environment: dev', 'environment: prod')
const named = (name: string, route: string, more = ''): string =>
  endpoint(more).replace('name: letters, project', `name: ${name}, project`).replace('/letters', route)

/** The first state of each is where a repository begins. */
export const states = {
  dev: [dev(''), dev(', nodeLostSeconds: 60'), 'kind: Environment\n'],
  prod: [prod('ml'), prod('other'), prod('ml', ', protections: { imagesByDigest: true }')],
  documents: [documents, documents.replace('uri: data', 'uri: elsewhere'), 'a: [\n'],
  policy: ['# none\n', policy(20), policy(60), applications],
  one: [training('one'), training('one', '  env: { A: "b" }\n'), inProd('one', '  queue: gpu\n'), training('two')],
  two: [
    `${training('two')}---\n# a comment\n${inProd('three')}`,
    `${training('two', '  rerun: 1\n')}---\n${inProd('three')}`,
    training('two', '  colour: blue\n'),
    '# nothing\n',
  ],
  mixed: [
    training('mixed'),
    `${training('mixed')}---\n${documents.replaceAll('name: text', 'name: more').replaceAll('name: letters', 'name: more')}`,
  ],
  letters: [endpoint(), endpoint('  env: { A: "b" }\n'), named('letters', '/words'), named('words', '/letters')],
  words: [named('words', '/words'), named('words', '/more'), `${named('words', '/words')}---\n${inProd('words')}`],
} as const
export type PartName = keyof typeof states
export const partNames = Object.keys(states) as PartName[]

export type Edit =
  | { readonly kind: 'write'; readonly part: PartName; readonly state: number; readonly folder: number }
  | { readonly kind: 'remove'; readonly part: PartName }
  | { readonly kind: 'publish' | 'chart' | 'commit' | 'address' }
const part = fc.constantFrom(...partNames)
export const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      part,
      state: fc.nat({ max: 3 }),
      folder: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), part }) },
  fc.constantFrom(...(['publish', 'chart', 'commit', 'address'] as const).map((kind) => ({ kind }))),
)

/** A repository that is edited, and what is deployed of it. */
export class EditedRepository {
  /** By part, so that writing one into another folder is a rename. */
  readonly files = new Map<PartName, SourceFile>()
  deployed: Deployed = nothing
  private version = 0
  private commit = 0
  private branch = 'main'

  constructor() {
    for (const name of partNames) this.write(name, 0, 0)
  }

  get input(): CompileInput {
    return {
      sources: [...this.files.values()],
      source: { ...source, commit: String(this.commit).padStart(40, '0') },
      deployed: this.deployed,
      chart: { ...chart, version: `0.1.${this.version}` },
      deploy: { ...address, branch: this.branch },
      judge,
    }
  }

  /** All that is no spec. */
  get rest(): string {
    return [this.version, this.commit, this.branch, this.deployed.files.size, this.publications].join(' ')
  }
  private publications = 0

  write(name: PartName, state: number, folder: number): void {
    const texts: readonly string[] = states[name]
    const bytes = new TextEncoder().encode(texts[state % texts.length])
    this.files.set(name, { path: `specs/${folder === 0 ? '' : 'more/'}${name}.yaml`, bytes })
  }

  apply(edit: Edit): void {
    if (edit.kind === 'write') this.write(edit.part, edit.state, edit.folder)
    else if (edit.kind === 'remove') this.files.delete(edit.part)
    else if (edit.kind === 'chart') this.version += 1
    else if (edit.kind === 'commit') this.commit += 1
    else if (edit.kind === 'address') this.branch = `${this.branch}x`
    else {
      this.deployed = deployedAfter(this.deployed, compile(this.input).change)
      this.publications += 1
    }
  }
}
