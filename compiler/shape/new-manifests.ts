import type { Place, Problem } from '../../domain/problem.ts'
import type { CompileInput, Rendered } from '../compile-types.ts'
import { readManifests } from '../load/manifest.ts'
import { checkObject } from '../manifest/check.ts'
import { type Finding, isObject } from '../manifest/finding.ts'
import type { Definitions } from '../manifest/schemas.ts'
import { problem } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { rulesFor } from './new-runs.ts'

/**
 * Reads what is newly rendered once more and tells what of it the API server would refuse, whoever's template made it. What people shape has been
 * told at its cause; what our own template makes fits by the rules for values, so whatever is found here is a fault of the compiler, and is not
 * published all the same.
 */
export function checkNewManifests(
  rendered: readonly Rendered[],
  known: Catalogue,
  schemas: Pick<CompileInput, 'kubernetes' | 'kubernetesVersion'>,
): readonly Problem[] {
  return rendered.flatMap((file): readonly Problem[] => {
    // The chart makes manifests of values in the cluster, and what is local has no API server.
    if (file.isValues || isShaped(file) || isLocal(file.environment, known)) return []
    const { definitions } = rulesFor(file.environment, known, schemas)
    const where = beginningOf(file, known)
    return findingsIn(file.text, definitions).map(({ kind, pointer, message }) =>
      problem('MANIFEST_REFUSED', where, `${kind}${pointer === '' ? '' : ` ${pointer}`} ${message} (${file.path})`, {
        hint: 'it is a fault of Specyard that this was not told of a value: please report it with the spec, and use other values meanwhile',
      }),
    )
  })
}

function isShaped({ plan }: Rendered): boolean {
  return plan?.kind === 'TrainingJob' && plan.shaping !== undefined
}

function isLocal(environment: string, known: Catalogue): boolean {
  return known.environments.get(environment)?.value.spec.cluster === 'local'
}

function findingsIn(text: string, definitions: Definitions): readonly (Finding & { readonly kind: string })[] {
  let objects: readonly unknown[]
  try {
    objects = readManifests(text)
  } catch (error) {
    const [message = ''] = (error as Error).message.split('\n')
    return [{ kind: 'the manifest', pointer: '', message: `is no YAML: ${message}` }]
  }
  return objects.flatMap((object) => {
    const kind = isObject(object) ? String(object['kind']) : 'the manifest'
    return checkObject(object, definitions).map((one) => ({ ...one, kind }))
  })
}

/** Where its spec begins, or the Environment of what belongs to no single spec. */
function beginningOf({ spec, environment, path }: Rendered, known: Catalogue): Place {
  const document = spec?.document ?? known.environments.get(environment)?.document
  return document?.locate('/metadata/name') ?? { file: path, line: 1, column: 1 }
}
