import type { ClusterKind, Destination } from '../../domain/plan.ts'
import type { Problem, Place as SourcePlace } from '../../domain/problem.ts'
import type { Environment } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import type { Locator } from '../validate/explain.ts'
import type { Shapes } from '../shape/shapes.ts'
import type { SpecOf } from '../validate/validate.ts'
import { type Catalogue, referenceHint } from './catalogue.ts'
import { below, builtIn, type Listening, made, offered, offeredOr, written as fromSpec } from './origins.ts'
import { environmentPart, tell } from './tell.ts'

/** Where a plan runs. */
export interface Place {
  readonly environment: Environment
  readonly cluster: ClusterKind
  readonly namespace: string
  readonly destination: Destination
}

/** A spec that is being resolved: its parts, where they were written, and the problems found so far. */
export interface Resolving extends Listening {
  readonly catalogue: Catalogue
  readonly project: string
  readonly at: Locator
  readonly problems: Problem[]
  /** What templates and patches make of manifests. */
  readonly shapes?: Shapes
  /** Those that were found, by environment and project: specs share a few of them. */
  readonly places?: Map<string, Place>
}

const inCluster = 'https://kubernetes.default.svc'

/** Finds the environment and the namespace of the project in it. @param where the environment is named */
export function resolvePlace(name: string, where: () => SourcePlace, resolving: Resolving): Place | undefined {
  const { places, project, origins } = resolving
  const known = origins ? undefined : places?.get(`${name}/${project}`)
  if (known) return known
  const place = findPlace(name, where, resolving)
  if (place) places?.set(`${name}/${project}`, place)
  return place
}

function findPlace(name: string, where: () => SourcePlace, resolving: Resolving): Place | undefined {
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
  if (cluster === 'local') {
    return {
      environment,
      cluster: offered(resolving, '/cluster', '/spec/cluster', 'local'),
      namespace: made(resolving, '/namespace', 'the project, on the local cluster', resolving.project),
      destination: builtIn(resolving, '/destination', { name: 'local' }),
    }
  }
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
  const { server } = cluster.kubernetes
  const namespaces = '/spec/cluster/kubernetes/namespaces'
  return {
    environment,
    cluster: offered(resolving, '/cluster', '/spec/cluster', 'kubernetes'),
    namespace: resolving.origins
      ? offered(resolving, '/namespace', below(namespaces, resolving.project), namespace)
      : namespace,
    destination: {
      server: offeredOr(resolving, '/destination/server', '/spec/cluster/kubernetes/server', server, inCluster),
    },
  }
}

/** What runs for the image that a spec names. */
export interface PlacedImage {
  readonly image: string
  /** On the local cluster the folder with its files; null elsewhere. */
  readonly imageFolder: string | null
}

/** Finds what an image is in an environment, its folder or the image that stands for it, and checks that a protected one gets it by digest. */
export function resolveImage(written: string, place: Place, resolving: Resolving): PlacedImage {
  const { images } = place.environment.spec
  const key = !images || Object.hasOwn(images, written) ? written : imageName(written)
  const offer = images && own(images, key)
  const isLocal = place.cluster === 'local'
  const image = isLocal ? written : (offer ?? written)
  checkPinned(image, place, resolving)
  if (isLocal && offer === undefined) reportUnmapped(written, place, resolving)
  const imageFolder = isLocal ? (offer ?? null) : null
  if (resolving.origins) {
    const pointer = below('/spec/images', key)
    if (isLocal || offer === undefined) fromSpec(resolving, '/image', '/spec/image', image)
    else offered(resolving, '/image', pointer, image)
    if (imageFolder === null) builtIn(resolving, '/imageFolder', null)
    else offered(resolving, '/imageFolder', pointer, imageFolder)
  }
  return { image, imageFolder }
}

// Only a document with a problem is read again for its places, in the two that follow: that costs more than all the rest of compiling it.

function checkPinned(image: string, { environment }: Place, resolving: Resolving): void {
  if (!environment.spec.protections?.imagesByDigest || /@sha256:[0-9a-f]{64}$/.test(image)) return
  const { name } = environment.metadata
  tell(resolving, 'IMAGE_NOT_PINNED', '/spec/image', `environment "${name}" wants images by digest, not "${image}"`, {
    hint: 'write name@sha256:… ; a tag can mean other bytes tomorrow',
    also: environmentPart(resolving, name, '/spec/protections/imagesByDigest', 'what the environment wants'),
  })
}

function reportUnmapped(image: string, { environment }: Place, resolving: Resolving): void {
  const [name, place] = [imageName(image), environment.metadata.name]
  const message = `the local cluster does not know where the files of "${name}" are`
  tell(resolving, 'IMAGE_UNMAPPED', '/spec/image', message, {
    hint: `add "${name}": <folder> to images of environment "${place}"`,
    also: environmentPart(resolving, place, '/spec/images', 'the images of the environment'),
  })
}

/** What a mapping itself holds under a key: a project may be called `constructor`, which every object inherits. */
function own(mapping: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined
}

/** The name of an image without tag and digest. */
export function imageName(image: string): string {
  const at = image.indexOf('@')
  const name = at < 0 ? image : image.slice(0, at)
  const slash = name.lastIndexOf('/')
  const colon = name.lastIndexOf(':')
  return colon > slash ? name.slice(0, colon) : name
}
