import type { Beside } from '../parts.ts'
import type { Catalogue } from './catalogue.ts'

/**
 * The projects that specs are of, and those that Environments give namespaces to, in order. A project is defined nowhere else.
 * @param beside trainings that are not among the specs, and count all the same
 */
export function projectNames(known: Catalogue, beside: Beside | undefined): ReadonlySet<string> {
  const { environments, datasets, models, promptTemplates, trainingJobs, endpoints } = known
  const given = [...environments.values()].flatMap(({ value: { spec } }) =>
    spec.cluster === 'local' ? [] : Object.keys(spec.cluster.kubernetes.namespaces),
  )
  const specs = [...datasets.values(), ...models.values(), ...promptTemplates.values(), ...trainingJobs, ...endpoints]
  const folders = beside?.folders ?? []
  return new Set(
    [...given, ...specs.map(({ value }) => value.metadata.project), ...folders.map(({ project }) => project)].sort(),
  )
}
