import type { ClusterKind, Destination } from '../../domain/plan.ts'
import type { Problem, Place as SourcePlace } from '../../domain/problem.ts'
import type { Environment } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import type { Locator } from '../validate/explain.ts'
import type { SpecOf } from '../validate/validate.ts'
import { type Catalogue, referenceHint } from './catalogue.ts'

/** Where a plan runs. */
export interface Place {
  readonly environment: Environment
  readonly cluster: ClusterKind
  readonly namespace: string
  readonly destination: Destination
}

/** A spec that is being resolved: its parts, where they were written, and the problems found so far. */
export interface Resolving {
  readonly catalogue: Catalogue
  readonly project: string
  readonly at: Locator
  readonly problems: Problem[]
}

const inCluster = 'https://kubernetes.default.svc'

/** Finds the environment and the namespace of the project in it. @param where the environment is named */
export function resolvePlace(name: string, where: () => SourcePlace, resolving: Resolving): Place | undefined {
  const spec = resolving.catalogue.environments.get(name)
  if (!spec && resolving.catalogue.isBroken('Environment', '', name)) return undefined
  if (!spec) {
    const known = [...resolving.catalogue.environments.keys()]
    resolving.problems.push(
      problem('ENVIRONMENT_UNKNOWN', where(), `nobody has defined the environment "${name}"`, {
        hint: referenceHint(name, known, 'Environment'),
      }),
    )
    return undefined
  }
  return placeIn(spec, where, resolving)
}

function placeIn(spec: SpecOf<'Environment'>, where: () => SourcePlace, resolving: Resolving): Place | undefined {
  const environment = spec.value
  const { cluster } = environment.spec
  if (cluster === 'local')
    return { environment, cluster: 'local', namespace: resolving.project, destination: { name: 'local' } }
  const namespace = own(cluster.kubernetes.namespaces, resolving.project)
  if (namespace === undefined) {
    resolving.problems.push(
      problem(
        'NAMESPACE_UNKNOWN',
        where(),
        `environment "${environment.metadata.name}" has no namespace for project "${resolving.project}"`,
        {
          hint: `add ${resolving.project}: <namespace> to its namespaces`,
          also: [
            {
              where: spec.document.locateKey('/spec/cluster/kubernetes/namespaces'),
              note: 'the namespaces of the environment',
            },
          ],
        },
      ),
    )
    return undefined
  }
  return {
    environment,
    cluster: 'kubernetes',
    namespace,
    destination: { server: cluster.kubernetes.server ?? inCluster },
  }
}

/** Finds the folder of an image on the local cluster and checks that a protected environment gets it by digest. */
export function resolveImage(image: string, place: Place, resolving: Resolving): string | null {
  const { images, protections } = place.environment.spec
  // Only a document with a problem is read again for its places: that costs more than all the rest of compiling it.
  const where = () => resolving.at.locate('/spec/image')
  if (protections?.imagesByDigest && !/@sha256:[0-9a-f]{64}$/.test(image)) {
    resolving.problems.push(
      problem(
        'IMAGE_NOT_PINNED',
        where(),
        `environment "${place.environment.metadata.name}" wants images by digest, not "${image}"`,
        {
          hint: 'write name@sha256:… ; a tag can mean other bytes tomorrow',
        },
      ),
    )
  }
  if (place.cluster !== 'local') return null
  const folder = own(images ?? {}, image) ?? own(images ?? {}, imageName(image))
  if (folder === undefined) {
    resolving.problems.push(
      problem(
        'IMAGE_UNMAPPED',
        where(),
        `the local cluster does not know where the files of "${imageName(image)}" are`,
        {
          hint: `add "${imageName(image)}": <folder> to images of environment "${place.environment.metadata.name}"`,
        },
      ),
    )
    return null
  }
  return folder
}

/** What a mapping itself holds under a key: a project may be called `constructor`, which every object inherits. */
function own(mapping: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined
}

/** The name of an image without tag and digest. */
export function imageName(image: string): string {
  const name = image.split('@')[0] ?? image
  const slash = name.lastIndexOf('/')
  const colon = name.lastIndexOf(':')
  return colon > slash ? name.slice(0, colon) : name
}
