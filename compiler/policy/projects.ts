import type { Problem } from '../../domain/problem.ts'
import type { Beside } from '../parts.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { projectNames } from '../resolve/projects.ts'
import { nearest } from '../validate/nearest.ts'

/**
 * Policies for projects of which nothing is known: they would look as if they held. A warning, because a project is defined nowhere: it may be there
 * with its first spec, and is gone with its last one.
 * @param beside trainings that are not among the specs, and count all the same
 */
export function unknownProjects(known: Catalogue, beside: Beside | undefined): readonly Problem[] {
  if (known.policies.every(({ value }) => value.spec.match?.projects === undefined)) return []
  const projects = projectNames(known, beside)
  return known.policies.flatMap(({ document, value }) =>
    (value.spec.match?.projects ?? []).flatMap((name, index) => {
      if (projects.has(name)) return []
      const near = nearest(name, [...projects])
      const message = `policy "${value.metadata.name}" is about project "${name}", of which there is no spec and no namespace`
      const hint = near === undefined ? 'until there is, it holds for nothing' : `did you mean ${near}?`
      return [problem('POLICY_WARNED', document.locate(`/spec/match/projects/${index}`), message, { hint })]
    }),
  )
}
