import { endpoint, training } from '../support/compiler.ts'
import { bombs } from './bombs.ts'
import { type Random, random } from './random.ts'

/** A small repository of specs, one file of which was spoiled. */
export interface Input {
  readonly number: number
  readonly files: readonly Uint8Array[]
}

const environments = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec:
  cluster: local
  follow: newest
  images: { example/trainer: trainer }
  gpuTypes:
    T4: { resource: nvidia.com/gpu, nodeSelector: { accelerator: nvidia-t4 }, pricePerHour: 0.35 }
---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } }
  storage: { type: s3, bucket: ml, endpoint: 'https://s3.example.com', credentialsSecret: s3 }
  queues: [gpu, "batch"]
  serving: { gateway: { name: public, namespace: gateways } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
---
apiVersion: specyard.dev/v1
kind: PromptTemplate
metadata: { name: plain, project: language }
spec:
  text: |
    Say {{prompt}},
      and nothing else.
`
const repository = [
  environments,
  training(
    'letters',
    `  # as usual
  command: [node, "train.js", 'it''s']
  env: { LOG_LEVEL: info, TOKEN: { secret: hub, key: token } }
  resources:
    cpu: { request: "1", limit: '2' }
    memory: { request: 8Gi, limit: 16Gi }
  retry: { maxRetries: 3, on: [APP_EXIT, OOM] } # as usual
  timeoutSeconds: 86400
`,
  ),
  endpoint(`  promptTemplate: { ref: plain }
  env:
    A: "b"
    C: >-
      folded
      text
  replicas: { min: 1, max: 4 }
  rollout: { strategy: canary, trafficSplit: { old: 90, new: 10 } }
`),
]

const pieces = [
  ...[
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    ', ',
    '- ',
    '"',
    "'",
    '&a ',
    '*a',
    '!x ',
    '!!str ',
    '? ',
    '|\n',
    '>-\n',
    '#',
    ' # ',
    '\t',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '\r\n',
    '\r',
    '\u0000',
    '\ufeff',
    '\u0085',
    '\u2028',
    '\ud83d\ude00',
    'é',
    '<<: ',
    '~',
    'null',
    'true',
    'no',
  ],
  ...[
    '012',
    '0o17',
    '0x1F',
    '1e3',
    '1.10',
    '-0',
    '.inf',
    '.nan',
    '9007199254740993',
    '1_000',
    '__proto__: ',
    'constructor: ',
    '{{x}}',
    '$(A)',
    '\\',
  ],
]
/** Values that are fine as text, and break what is not written carefully. */
const texts = [
  ...[
    '',
    ' ',
    'a\nadmin: true',
    '"',
    "'",
    '# no',
    '- x',
    '{a: b}',
    '&a',
    '*a',
    '%YAML',
    '---',
    '...',
    '{{{x}}}',
    '\\',
    '\r\n',
    '\t',
    ': ',
  ],
  ...[
    '\u2028',
    '\u0085',
    '\ufeff',
    '\ud800',
    '\u007f',
    '$(PATH)',
    'x'.repeat(3000),
    '../../etc',
    '-oProxy',
    'no',
    '012',
    '~',
  ],
]
const bombList = bombs()

/** How many inputs there are before those of chance. */
export const bombsMany = bombList.length

/** The input of a number: the first are bombs, each as one of the files; the rest are mutations of a good repository. */
export function inputOf(seed: number, number: number): Input {
  const chance = random(seed, number)
  const files = repository.map((text) => Buffer.from(text, 'utf8') as Uint8Array)
  const bomb = bombList[number]
  const spoiled = bomb ? number % files.length : chance.below(files.length)
  files[spoiled] = bomb ?? mutated(repository[spoiled] ?? '', chance)
  return { number, files }
}

/** A file in the place of the training, beside files that are as they should be. */
export function inputWith(file: string): Input {
  return { number: -1, files: repository.map((text, index) => Buffer.from(index === 1 ? file : text, 'utf8')) }
}

/** Texts of the repository that may be any text. */
const free = [
  'info',
  '"train.js"',
  "'it''s'",
  '"b"',
  'char-loglinear',
  's3://a',
  'custom',
  'Say {{prompt}},',
  'letters',
  '/letters',
]

function mutated(text: string, chance: Random): Uint8Array {
  let now = text
  if (chance.chance(0.4)) {
    for (let step = 1 + chance.below(3); step > 0; step -= 1) {
      const [one, other] = [chance.pick(free), chance.pick(texts) + chance.pick(texts)]
      now = now.replace(one, () => (chance.chance(0.8) ? JSON.stringify(other) : `'${other.replaceAll("'", "''")}'`))
    }
    return Buffer.from(now, 'utf8')
  }
  for (let step = 1 + chance.below(6); step > 0; step -= 1) now = chance.pick(steps)(now, chance)
  const bytes = Buffer.from(now, 'utf8')
  for (let flip = chance.chance(0.05) ? 1 + chance.below(4) : 0; flip > 0; flip -= 1)
    bytes[chance.below(bytes.length)] = chance.below(256)
  return bytes
}

type Step = (text: string, chance: Random) => string

const splice = (text: string, begin: number, length: number, inserted: string): string =>
  text.slice(0, begin) + inserted + text.slice(begin + length)

const byLines =
  (change: (lines: string[], chance: Random) => void): Step =>
  (text, chance) => {
    const lines = text.split('\n')
    change(lines, chance)
    return lines.join('\n')
  }

/** Puts something in the place of one value, and leaves the rest as it is. */
const inValue =
  (value: (chance: Random) => string): Step =>
  (text, chance) => {
    const values = [...text.matchAll(/(?<=: )(?:"[^"\n]*"|'[^'\n]*'|[^\s{}[\],"'#&*!|>][^\n{}[\],#]*)/g)]
    const found = values[chance.below(Math.max(1, values.length))]
    return found ? splice(text, found.index, found[0].length, value(chance)) : text
  }

const steps: readonly Step[] = [
  (text, chance) => splice(text, chance.below(text.length + 1), 0, chance.pick(pieces)),
  (text, chance) => splice(text, chance.below(text.length + 1), chance.below(12), ''),
  (text, chance) => splice(text, chance.below(text.length + 1), 1 + chance.below(4), chance.pick(pieces)),
  (text, chance) => {
    const from = chance.below(text.length + 1)
    const part = text.slice(from, from + chance.below(80))
    return splice(text, chance.below(text.length + 1), 0, part.repeat(1 + chance.below(chance.chance(0.1) ? 50 : 3)))
  },
  (text, chance) => {
    const other = chance.pick(repository)
    return text.slice(0, chance.below(text.length + 1)) + other.slice(chance.below(other.length + 1))
  },
  byLines((lines, chance) => void lines.splice(chance.below(lines.length), 1)),
  byLines((lines, chance) => void lines.splice(chance.below(lines.length), 0, chance.pick(lines))),
  byLines((lines, chance) => {
    const at = chance.below(lines.length)
    lines[at] = ' '.repeat(chance.below(8)) + (lines[at] ?? '').trim()
  }),
  inValue((chance) => JSON.stringify(chance.pick(texts))),
  inValue((chance) => `'${chance.pick(texts).replaceAll("'", "''")}'`),
  inValue((chance) => chance.pick(pieces)),
  inValue((chance) => chance.pick(texts)),
  inValue((chance) => `|\n${' '.repeat(chance.below(12))}${chance.pick(texts)}\n`),
  inValue((chance) => String(chance.pick([0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 53) - 2, 1e300, 0.1, 1e-9]))),
]
