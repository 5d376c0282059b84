import type { ProblemCode } from '../../../domain/problem-codes.ts'
import { corpus, type Name } from './corpus.ts'
import type { Mutation, Spot } from './mutation.ts'
import { type Node, nodeAt, type Pair, scalar, tree, withNode, withPairs } from './tree.ts'

/** Repositories whose documents all fit their schemas, and mean what cannot be. */
export function meaningMutations(): readonly Mutation[] {
  return [...references(), ...environmentsThatForbid(), ...valuesThatDisagree(), ...overlays(), taken()]
}

type Steps = readonly string[]
const steps = (path: string): Steps => path.split('.')

/** One value in place of another. @param related places in documents as they are after the change */
function changed(
  sentence: string,
  code: ProblemCode,
  name: Name,
  path: string,
  value: Node,
  related: (root: Node) => readonly Spot[] = () => [],
): Mutation {
  const root = withNode(corpus[name], steps(path), () => value)
  return { sentence, documents: { [name]: root }, expected: [{ code, name, at: value, also: related(root) }] }
}

function keyOf(name: Name, path: string): Spot {
  return { name, at: { keyOf: path } }
}

function references(): readonly Mutation[] {
  return [
    changed('an environment of nobody', 'ENVIRONMENT_UNKNOWN', 'training', 'spec.environment', scalar('prd')),
    changed('a dataset of nobody', 'DATASET_UNKNOWN', 'training', 'spec.dataset.ref', scalar('texts')),
    changed('a model of nobody', 'MODEL_UNKNOWN', 'training', 'spec.output.model', scalar('words')),
    changed('an endpoint of a model of nobody', 'MODEL_UNKNOWN', 'endpoint', 'spec.model.ref', scalar('words')),
    changed('a template of nobody', 'PROMPT_TEMPLATE_UNKNOWN', 'endpoint', 'spec.promptTemplate.ref', scalar('fancy')),
    changed('a backend that is not there', 'FRAMEWORK_UNSUPPORTED', 'endpoint', 'spec.framework', scalar('kserve')),
    changed('a queue of nobody', 'QUEUE_UNKNOWN', 'training', 'spec.queue', scalar('tpu'), () => [
      keyOf('prod', 'spec.queues'),
    ]),
    changed('a GPU of nobody', 'GPU_TYPE_UNKNOWN', 'training', 'spec.resources.gpuType', scalar('H100'), () => [
      keyOf('prod', 'spec.gpuTypes'),
    ]),
    renamed('a reserved variable', 'training', 'spec.env', 'LOG_LEVEL', 'JOB_ID', []),
    renamed('a variable of the storage', 'training', 'spec.env', 'LOG_LEVEL', 'S3_ENDPOINT', [
      keyOf('prod', 'spec.storage'),
    ]),
    renamed('a reserved variable of an endpoint', 'endpoint', 'spec.environments.prod.env', 'TOKEN', 'PORT', [
      keyOf('endpoint', 'spec.environments.prod'),
    ]),
  ]
}

function renamed(
  sentence: string,
  name: Name,
  path: string,
  from: string,
  to: string,
  also: readonly Spot[],
): Mutation {
  let renamedPair: Pair | undefined
  const root = withPairs(corpus[name], steps(path), (pairs) =>
    pairs.map((pair) => (pair.key === from ? (renamedPair = { ...pair, key: to }) : pair)),
  )
  const at = renamedPair ?? root
  return { sentence, documents: { [name]: root }, expected: [{ code: 'VARIABLE_RESERVED', name, at, also }] }
}

/** Specs as they are, in environments that do not have what they need: the Environment is the other place. */
function environmentsThatForbid(): readonly Mutation[] {
  const without = (name: Name, path: string): Node =>
    withPairs(corpus[name], steps(path).slice(0, -1), (pairs) => pairs.filter((one) => one.key !== steps(path).at(-1)))
  const spot = (name: Name, path: string): Spot => ({ name, at: nodeAt(corpus[name], steps(path)) })
  const queues = withNode(corpus.prod, steps('spec.queues'), () => tree(['cpu']))
  const types = withNode(corpus.prod, steps('spec.gpuTypes'), () => tree({ A100: { resource: 'nvidia.com/gpu' } }))
  const projects = withNode(corpus.prod, steps('spec.cluster.kubernetes.namespaces'), () => tree({ vision: 'ml' }))
  const namespaces = keyOf('prod', 'spec.cluster.kubernetes.namespaces')
  const images = withNode(corpus.dev, steps('spec.images'), () => tree({ 'example/trainer': 'trainer' }))
  const unpinned = scalar('example/trainer:1')
  const unmapped = without('dev', 'spec.images')
  const noQueues = without('prod', 'spec.queues')
  return [
    {
      sentence: 'an environment with other queues',
      documents: { prod: queues },
      expected: [{ ...spot('training', 'spec.queue'), code: 'QUEUE_UNKNOWN', also: [keyOf('prod', 'spec.queues')] }],
    },
    {
      sentence: 'an environment without queues',
      documents: { prod: noQueues },
      expected: [{ ...spot('training', 'spec.queue'), code: 'QUEUE_UNKNOWN', also: [keyOf('prod', 'spec')] }],
    },
    {
      sentence: 'an environment with other GPUs',
      documents: { prod: types },
      expected: [
        {
          ...spot('training', 'spec.resources.gpuType'),
          code: 'GPU_TYPE_UNKNOWN',
          also: [keyOf('prod', 'spec.gpuTypes')],
        },
        {
          ...spot('endpoint', 'spec.environments.prod.resources.gpuType'),
          code: 'GPU_TYPE_UNKNOWN',
          also: [keyOf('prod', 'spec.gpuTypes'), keyOf('endpoint', 'spec.environments.prod')],
        },
      ],
    },
    {
      sentence: 'an environment without the project',
      documents: { prod: projects },
      expected: [
        { ...spot('training', 'spec.environment'), code: 'NAMESPACE_UNKNOWN', also: [namespaces] },
        { ...keyOf('endpoint', 'spec.environments.prod'), code: 'NAMESPACE_UNKNOWN', also: [namespaces] },
      ],
    },
    {
      sentence: 'an environment that knows no such image',
      documents: { dev: images },
      expected: [{ ...spot('endpoint', 'spec.image'), code: 'IMAGE_UNMAPPED', also: [keyOf('dev', 'spec.images')] }],
    },
    {
      sentence: 'an environment that knows no image',
      documents: { dev: unmapped },
      expected: [{ ...spot('endpoint', 'spec.image'), code: 'IMAGE_UNMAPPED', also: [keyOf('dev', 'spec')] }],
    },
    changed('an image by its tag', 'IMAGE_NOT_PINNED', 'training', 'spec.image', unpinned, () => [
      keyOf('prod', 'spec.protections.imagesByDigest'),
    ]),
  ]
}

function valuesThatDisagree(): readonly Mutation[] {
  const splits = tree({ train: 0.8, validation: 0.1, test: 0.2 })
  const split = tree({ old: 90, new: 20 })
  const prod = 'spec.environments.prod'
  return [
    changed('splits of more than all', 'SPLITS_SUM', 'training', 'spec.dataset.splits', splits),
    // prod has a split of its own, so this is wrong in dev alone.
    changed('a traffic split of more than all', 'TRAFFIC_SPLIT_SUM', 'endpoint', 'spec.rollout.trafficSplit', split),
    ...['cpu', 'memory'].map((what) =>
      changed(
        `a ${what} limit below its request`,
        'LIMIT_BELOW_REQUEST',
        'training',
        `spec.resources.${what}.limit`,
        scalar('"1"'),
        (root) => [{ name: 'training', at: nodeAt(root, steps(`spec.resources.${what}.request`)) }],
      ),
    ),
    changed(
      'a limit of prod below the request of prod',
      'LIMIT_BELOW_REQUEST',
      'endpoint',
      `${prod}.resources.memory.limit`,
      scalar('2Gi'),
      (root) => [
        { name: 'endpoint', at: nodeAt(root, steps(`${prod}.resources.memory.request`)) },
        keyOf('endpoint', prod),
        { name: 'endpoint', at: nodeAt(root, steps('spec.resources.memory.limit')) },
      ],
    ),
    changed(
      'more replicas than there may be',
      'REPLICAS_ORDER',
      'endpoint',
      'spec.replicas.min',
      scalar('5'),
      (root) => [{ name: 'endpoint', at: nodeAt(root, steps('spec.replicas.max')) }],
    ),
    changed('more replicas of prod', 'REPLICAS_ORDER', 'endpoint', `${prod}.replicas.min`, scalar('9'), (root) => [
      { name: 'endpoint', at: nodeAt(root, steps(`${prod}.replicas.max`)) },
      keyOf('endpoint', prod),
    ]),
    onlyInProd('replicas', { min: 7 }, 'REPLICAS_ORDER', 'min', ['spec.replicas.max', 'spec.replicas.min']),
    onlyInProd('resources', { cpu: { limit: '500m' } }, 'LIMIT_BELOW_REQUEST', 'cpu.limit', [
      'spec.resources.cpu.request',
      'spec.resources.cpu.limit',
    ]),
  ]
}

/** What prod says disagrees with what the spec says: both places are named. */
function onlyInProd(key: string, value: object, code: ProblemCode, path: string, related: readonly string[]): Mutation {
  const prod = 'spec.environments.prod'
  const root = withNode(corpus.endpoint, steps(`${prod}.${key}`), () => tree(value))
  const also = [
    keyOf('endpoint', prod),
    ...related.map((one): Spot => ({ name: 'endpoint', at: nodeAt(root, steps(one)) })),
  ]
  const at = nodeAt(root, steps(`${prod}.${key}.${path}`))
  return {
    sentence: `${key} of prod that disagree with the spec`,
    documents: { endpoint: root },
    expected: [{ code, name: 'endpoint', at, also }],
  }
}

/** Overlays that take away what must be there, and that say what none may. */
function overlays(): readonly Mutation[] {
  const with_ = (pair: Pair): Node =>
    withPairs(corpus.endpoint, steps('spec.environments.prod'), (pairs) => [
      ...pairs.filter((one) => one.key !== pair.key),
      pair,
    ])
  const required = ['model', 'framework', 'image', 'port', 'route', 'serveTarget']
  return [
    ...required.map((key): Mutation => {
      const pair: Pair = { key, value: scalar('null') }
      const root = with_(pair)
      const also = [keyOf('endpoint', `spec.${key}`)]
      const expected = [{ code: 'KEY_MISSING', name: 'endpoint', at: pair, also }] as const
      return { sentence: `an overlay that takes away ${key}`, documents: { endpoint: root }, expected }
    }),
    ...['metadata', 'environments'].map((key): Mutation => {
      const pair: Pair = { key, value: tree({}) }
      const expected = [{ code: 'OVERLAY_FORBIDDEN', name: 'endpoint', at: pair }] as const
      return { sentence: `an overlay of ${key}`, documents: { endpoint: with_(pair) }, expected }
    }),
  ]
}

function taken(): Mutation {
  const name = scalar('dev')
  const root = withNode(corpus.prod, steps('metadata.name'), () => name)
  return {
    sentence: 'two environments of one name',
    documents: { prod: root },
    expected: [
      {
        code: 'NAME_TAKEN',
        name: 'prod',
        at: name,
        also: [{ name: 'dev', at: nodeAt(corpus.dev, steps('metadata.name')) }],
      },
      { code: 'ENVIRONMENT_UNKNOWN', name: 'training', at: nodeAt(corpus.training, steps('spec.environment')) },
      { ...keyOf('endpoint', 'spec.environments.prod'), code: 'ENVIRONMENT_UNKNOWN' },
    ],
  }
}
