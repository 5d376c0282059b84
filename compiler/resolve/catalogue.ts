import type { Problem } from '../../domain/problem.ts'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import { nearest } from '../validate/nearest.ts'
import type { BrokenSpec, Spec, SpecOf } from '../validate/validate.ts'

/** Every spec by its name: what references are looked up in. */
export interface Catalogue {
  readonly environments: ReadonlyMap<string, SpecOf<'Environment'>>
  /** By `project/name`. */
  readonly datasets: ReadonlyMap<string, SpecOf<'Dataset'>>
  readonly models: ReadonlyMap<string, SpecOf<'Model'>>
  readonly promptTemplates: ReadonlyMap<string, SpecOf<'PromptTemplate'>>
  readonly trainingJobs: readonly SpecOf<'TrainingJob'>[]
  readonly endpoints: readonly SpecOf<'ServingEndpoint'>[]
  readonly policies: readonly SpecOf<'Policy'>[]
  /** Whether there is such a document, but one with problems of its own, which are told already. */
  isBroken(kind: SpecKind, project: string, name: string): boolean
}

/** Sorts specs by kind and name; two of one name are a problem at both places. */
export function catalogue(
  specs: readonly Spec[],
  broken: readonly BrokenSpec[],
): { catalogue: Catalogue; problems: readonly Problem[] } {
  const first = new Map<string, Spec>()
  const problems: Problem[] = []
  for (const spec of specs) {
    const key = uniqueName(spec)
    const earlier = first.get(key)
    if (!earlier) {
      first.set(key, spec)
      continue
    }
    problems.push(
      problem(
        'NAME_TAKEN',
        spec.document.locate('/metadata/name'),
        `there is another ${spec.kind} ${key.split(' ')[1]}`,
        {
          hint: 'names are unique for each kind, project and environment: rename one of the two',
          also: [{ where: earlier.document.locate('/metadata/name'), note: 'the other one' }],
        },
      ),
    )
  }
  const kept = [...first.values()]
  const of = <Kind extends SpecKind>(kind: Kind): readonly SpecOf<Kind>[] =>
    kept.filter(
      (spec): spec is Extract<Spec, { kind: Kind }> => spec.kind === kind,
    ) as unknown as readonly SpecOf<Kind>[]
  return {
    catalogue: {
      environments: new Map(of('Environment').map((spec) => [spec.value.metadata.name, spec])),
      datasets: byProject(of('Dataset')),
      models: byProject(of('Model')),
      promptTemplates: byProject(of('PromptTemplate')),
      trainingJobs: of('TrainingJob'),
      endpoints: of('ServingEndpoint'),
      policies: of('Policy'),
      isBroken: (kind, project, name) =>
        broken.some((one) => one.kind === kind && one.project === project && one.name === name),
    },
    problems,
  }
}

function byProject<
  One extends { readonly value: { readonly metadata: { readonly name: string; readonly project: string } } },
>(specs: readonly One[]): ReadonlyMap<string, One> {
  return new Map(specs.map((spec) => [`${spec.value.metadata.project}/${spec.value.metadata.name}`, spec]))
}

/** What no two specs may share. */
export function uniqueName(spec: Spec): string {
  if (spec.kind === 'Environment' || spec.kind === 'Policy') return `${spec.kind} ${spec.value.metadata.name}`
  const { project, name } = spec.value.metadata
  const place = spec.kind === 'TrainingJob' ? `${spec.value.spec.environment}/` : ''
  return `${spec.kind} ${place}${project}/${name}`
}

/** The remedy for a reference to nothing: the nearest name, or all there are. */
export function referenceHint(wanted: string, known: readonly string[], what: string): string {
  const near = nearest(wanted, known)
  if (near !== undefined) return `did you mean "${near}"?`
  if (known.length === 0) return `there is no ${what} yet: add one`
  return `there are: ${[...known].sort().slice(0, 20).join(', ')}`
}

/** Names of one project in a map by `project/name`. */
export function namesOf(specs: ReadonlyMap<string, unknown>, project: string): readonly string[] {
  return [...specs.keys()].filter((key) => key.startsWith(`${project}/`)).map((key) => key.slice(project.length + 1))
}
