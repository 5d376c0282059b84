import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { linesOf } from '../../cli/terminal/frame.ts'
import { formatProblems } from '../../cli/terminal/problems.ts'
import { loadDocuments } from '../../compiler/load/document.ts'
import { limits } from '../../compiler/load/limits.ts'
import { compareProblems } from '../../domain/problem.ts'
import { compileTexts, endpoint, sourcesOf, training } from '../support/compiler.ts'
import { expectFolder } from '../support/golden.ts'

const replaced = (text: string, from: string, to: string): string => {
  expect(text).toContain(from)
  return text.replace(from, to)
}
const nested = (depth: number): string => `a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`
const laughs = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`),
].join('\n')

/** An Environment with what it has for endpoints, and an endpoint there. */
const served = (serving: string, more = 'follow: newest'): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: there }
spec:
  cluster: { kubernetes: { context: there, namespaces: { language: ml-language } } }
  gpuTypes: { T4: {} }
  serving: ${serving}
  ${more}
`
const there = (framework: string, more = ''): string =>
  endpoint(more)
    .replace('framework: fastapi', `framework: ${framework}`)
    .replace(/environments: .*/, 'environments: { there: {} }')

/** A sentence for each way a spec can be wrong, and the text that is. What is said of it stands in the golden folder. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'broken yaml': ['a: [1, 2\nb: }\n'],
  'a tab as indentation': ['a:\n\tb: 1\n'],
  'a duplicate key': [replaced(training(), 'training: { epochs: 3 }', 'training: { epochs: 3, epochs: 4 }')],
  'an unknown tag': [replaced(training(), 'epochs: 3', 'epochs: !foo 3')],
  'an alias of nothing': [replaced(training(), 'epochs: 3', 'epochs: *three')],
  'nested too deep and closed': [nested(1000)],
  'nested too deep and open': ['['.repeat(2000)],
  'an alias bomb': [laughs],
  'too many aliases': [`a: &a [1]\n${Array.from({ length: 200 }, (_, i) => `k${i}: *a`).join('\n')}\n`],
  'forty thousand keys': [Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')],
  'a prototype key': ['__proto__: { admin: true }\n'],
  'an integer beyond 2^53': [replaced(training(), 'epochs: 3', 'epochs: 12345678901234567890')],
  'a control character': ['a: "\u0000"\n'],
  'a list instead of a mapping': ['- a\n'],
  'no kind': ['apiVersion: specyard.dev/v1\n'],
  'a misspelt kind': [replaced(training(), 'kind: TrainingJob', 'kind: TrainingJobs')],
  'another apiVersion': [replaced(training(), 'specyard.dev/v1', 'specyard.dev/v2')],
  'a misspelt key': [replaced(training(), 'training:', 'trainning:')],
  'a key in another style': [training('letters', '  timeout_seconds: 5\n')],
  'a key that nothing resembles': [training('letters', '  colour: blue\n')],
  'a missing key': [replaced(training(), '  image: example/trainer:1\n', '')],
  'a number where text is meant': [training('letters', '  resources: { cpu: { request: 1.10 } }\n')],
  'a yes where true is meant': [replaced(training(), 'source: custom', 'source: custom, pretrained: yes')],
  'text where a number is meant': [replaced(training(), 'epochs: 3', 'epochs: "3"')],
  'an empty value': [replaced(training(), 'dataset: { ref: text }', 'dataset:')],
  'a value that is not allowed': [replaced(training(), 'language-modelling', 'languge-modelling')],
  'a number out of range': [replaced(training(), 'epochs: 3', 'epochs: 0')],
  'a name in the wrong form': [training('Letters.v1')],
  'a quantity in the wrong form': [training('letters', '  resources: { memory: { request: 8 GB } }\n')],
  'a variable name in the wrong form': [training('letters', '  env: { "A-B": x }\n')],
  'half a secret reference': [training('letters', '  env: { TOKEN: { secret: x } }\n')],
  'several problems at once': [training('letters', '  colour: blue\n  nodes: 0\n  env: { A: 1 }\n')],
  'two specs with one name': [training(), training()],
  'an environment nobody defined': [replaced(training(), 'environment: dev', 'environment: deb')],
  'a dataset nobody defined': [replaced(training(), 'ref: text', 'ref: texts')],
  'a model nobody defined': [replaced(training(), 'output: { model: letters }', 'output: { model: words }')],
  'splits that are not whole': [
    replaced(training(), 'ref: text', 'ref: text, splits: { train: 0.8, validation: 0.1, test: 0.2 }'),
  ],
  'a limit below its request': [training('letters', '  resources: { cpu: { request: "4", limit: "2" } }\n')],
  'an image that the local cluster does not know': [
    replaced(training(), 'image: example/trainer:1', 'image: example/other:1'),
  ],
  'a reserved variable': [training('letters', '  env: { JOB_ID: x }\n')],
  'several nodes on the local cluster': [training('letters', '  nodes: 2\n')],
  'several nodes under a name that begins with a digit': [
    replaced(training('1-letters', '  nodes: 2\n'), 'environment: dev', 'environment: prod'),
  ],
  'an endpoint under a name that begins with a digit': [replaced(endpoint(), '{ name: letters', '{ name: 1-letters')],
  'a queue that is not offered': [training('letters', '  queue: gpu\n')],
  'a GPU type that is not offered': [replaced(endpoint('  resources: { gpus: 1, gpuType: T4 }\n'), 'dev: {}, ', '')],
  'a project without namespace': [replaced(endpoint(), 'project: language', 'project: vision')],
  'an overlay with a wrong value': [replaced(endpoint(), 'min: 2, max: 3', 'min: two')],
  'an overlay with an unknown key': [replaced(endpoint(), 'replicas: { min: 2, max: 3 }', 'replica: 2')],
  'an overlay that takes away keys that nothing has': [
    replaced(endpoint(), 'replicas: { min: 2, max: 3 }', 'replics: null, probe: { pth: null, path: null }, auth: null'),
  ],
  'an overlay that changes environments': [replaced(endpoint(), 'replicas: { min: 2, max: 3 }', 'environments: {}')],
  'an overlay that changes metadata': [replaced(endpoint(), 'replicas: { min: 2, max: 3 }', 'metadata: { name: x }')],
  'an overlay that takes away what must be there': [
    replaced(endpoint(), 'replicas: { min: 2, max: 3 }', 'image: null'),
  ],
  'an overlay that is empty': [
    replaced(endpoint(), 'prod: { replicas: { min: 2, max: 3 }, autoscale: { cpuUtilization: 70 } }', 'prod:'),
  ],
  'what names a document that is itself wrong': [
    replaced(training(), 'environment: dev', 'environment: wrong'),
    'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: wrong }\nspec: { cluster: locl }\n',
    replaced(training('others'), 'ref: text', 'ref: wrong'),
    'apiVersion: specyard.dev/v1\nkind: Dataset\nmetadata: { name: wrong, project: language }\nspec: { uri: data }\n',
  ],
  'more replicas at least than at most': [replaced(endpoint(), 'min: 2, max: 3', 'min: 5, max: 3')],
  'a traffic split that is not whole': [
    endpoint('  rollout: { strategy: canary, trafficSplit: { old: 90, new: 20 } }\n'),
  ],
  'a model version that is not there': [replaced(endpoint(), 'ref: letters,', 'ref: letters, version: 3,')],
  'a framework that the chart has no backend for': [replaced(endpoint(), 'framework: fastapi', 'framework: kserve')],
  'a canary that KServe would ignore': [
    served('{ kserve: { version: 0.16.0, mode: Standard }, gateway: { name: a, namespace: b } }'),
    there('kserve', '  rollout: { strategy: canary, maxSurge: 1, trafficSplit: { old: 90, new: 10 } }\n'),
  ],
  'what KServe does otherwise in Knative mode': [
    served('{ kserve: { version: 0.16.0, mode: Knative } }'),
    there(
      'kserve',
      `  rollout: { strategy: canary, maxSurge: 1, maxUnavailable: 1 }
  replicas: { max: 4 }
  autoscale: { cpuUtilization: 70 }
  terminationGraceSeconds: 20
  auth: { type: api-key, secret: callers }
`,
    ),
  ],
  'what a RayService does otherwise': [
    served('{ kuberay: { version: 1.3.0 } }'),
    there(
      'ray_serve',
      `  command: [serve]
  probe: { path: /ready }
  rollout: { strategy: canary, trafficSplit: { old: 90, new: 10 } }
  auth: { type: jwt }
`,
    ),
  ],
  'GPUs without a word about room for the next release': [
    served('{ gateway: { name: a, namespace: b } }'),
    there('fastapi', '  resources: { gpus: 1, gpuType: T4 }\n'),
  ],
  'scaling that nothing here can do': [
    served('{ autoscaler: hpa }'),
    there('fastapi', '  autoscale: { targetLatencyMs: 200, cpuUtilization: 70.5 }\n  replicas: { min: 0, max: 3 }\n'),
  ],
  'an autoscaler without an aim': [served('{}'), there('fastapi', '  autoscale: {}\n')],
  'replicas that are never reached': [served('{}'), there('fastapi', '  replicas: { min: 2, max: 3 }\n')],
  'nobody who keeps callers out': [
    served('{ gateway: { name: a, namespace: b } }'),
    there('fastapi', '  auth: { type: jwt, issuer: "https://login.example.com" }\n'),
  ],
  'tokens that an Environment asks for and nobody checks': [
    served('{}', 'auth: { type: jwt, issuer: "https://login.example.com" }'),
    there('fastapi'),
  ],
  'a rollout that could never replace a pod, and divides nobody': [
    served('{}'),
    there('fastapi', '  rollout: { strategy: rolling, maxSurge: 0, trafficSplit: { old: 50, new: 50 } }\n'),
  ],
  'an application for Ray that nothing runs': [
    served('{}'),
    there('fastapi', '  rayServe: { importPath: "a:b", deployment: B, rayVersion: 2.46.0 }\n'),
  ],
  'a prompt template nobody defined': [endpoint('  promptTemplate: { ref: plain }\n')],
}

describe('problems of specs', () => {
  const told = new Map(
    Object.entries(cases).map(([name, texts]) => {
      const result = compileTexts(texts)
      expect(result.tree, name).toBeNull()
      expect([...result.change.keys()], name).toEqual([])
      return [
        `${name.replaceAll(' ', '-')}.txt`,
        `${formatProblems(result.problems, { linesOf: linesOf(sourcesOf(texts)) })}\n`,
      ]
    }),
  )

  it('are told with code, place and remedy as the golden folder has them', () => {
    expectFolder(join(import.meta.dirname, '..', 'golden', 'problems'), told)
  })

  it('come in the order of places', () => {
    const { problems } = compileTexts(cases['several problems at once'] ?? [])
    expect(problems.length).toBeGreaterThan(2)
    expect([...problems].sort(compareProblems)).toEqual([...problems])
  })
})

describe('files that no parser may see', () => {
  const load = (bytes: Uint8Array) => loadDocuments({ path: 'specs/a.yaml', bytes }).problems.map((one) => one.code)

  it.each([
    ['a file of 10 MB is too large', new Uint8Array(10 * 1024 * 1024), 'FILE_TOO_LARGE'],
    ['a file one byte over the limit is too large', new Uint8Array(limits.fileBytes + 1).fill(0x20), 'FILE_TOO_LARGE'],
    ['bytes that are not UTF-8 are no text', new Uint8Array([0x61, 0x3a, 0x20, 0xff]), 'FILE_NOT_TEXT'],
    ['UTF-16 is no UTF-8', new Uint8Array([0xff, 0xfe, 0x61, 0x00]), 'FILE_NOT_TEXT'],
  ])('%s', (_sentence, bytes, code) => {
    expect(load(bytes)).toEqual([code])
  })

  it.each([
    [
      'a byte order mark',
      '\ufeffapiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: a, project: b }\nspec: { family: c }\n',
    ],
    [
      'Windows line ends',
      'apiVersion: specyard.dev/v1\r\nkind: Model\r\nmetadata: { name: a, project: b }\r\nspec: { family: c }\r\n',
    ],
    ['comments alone', '# nothing yet\n---\n# here neither\n'],
  ])('a file with %s is read', (_name, text) => {
    expect(compileTexts([text]).problems).toEqual([])
  })
})
