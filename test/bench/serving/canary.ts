import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLeftovers } from '../../../local/leftovers.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** A spec repository with a training whose every version is served, the second one beside the first. */
export interface Canary {
  readonly folder: string
  /** Changes the training, which then registers another version. */
  learnAnew(): void
  remove(): Promise<void>
}

export function makeCanary(): Canary {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-canary-'))
  for (const inner of ['specs', 'image']) mkdirSync(join(folder, inner))
  const put = (path: string, text: string): void => writeFileSync(join(folder, path), text)
  put('specyard.yaml', 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  put('specs/all.yaml', specs)
  put('image/train.mjs', trainer)
  put('image/serve.mjs', server)
  cpSync(join(root, 'examples', 'handbook', 'specyard-client.mjs'), join(folder, 'image', 'specyard-client.mjs'))
  return {
    folder,
    learnAnew: () => {
      const text = readFileSync(join(folder, 'specs', 'all.yaml'), 'utf8')
      put('specs/all.yaml', text.replace('epochs: 1 ', 'epochs: 2 '))
    },
    remove: async () => {
      await endLeftovers(join(folder, '.specyard', 'local'))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const specs = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec:
  cluster: local
  follow: newest
  images: { example/canary: image }
  storage: { type: local, path: .specyard/storage }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: bench }
spec: { uri: image, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: canary, project: bench }
spec: { family: number }
---
apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: canary, project: bench }
spec:
  environment: dev
  task: { type: regression }
  model: { name: number, source: custom }
  dataset: { ref: text }
  training: { epochs: 1 }
  image: example/canary:1
  command: [node, train.mjs]
  output: { model: canary }
---
apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: canary, project: bench }
spec:
  model: { ref: canary, family: number }
  serveTarget: GENERATION
  framework: fastapi
  image: example/canary:1
  command: [node, serve.mjs]
  port: 8080
  route: /canary
  probe: { path: /readyz, periodSeconds: 1 }
  rollout: { strategy: canary, trafficSplit: { old: 100, new: 0 } }
  environments: { dev: {} }
`

/** A model is the number of its epochs. */
const trainer = `import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { clientOptions, createClient } from './specyard-client.mjs'
const model = String(JSON.parse(process.env.TRAINING_CONFIG).training.epochs)
const digest = createHash('sha256').update(model).digest('hex')
const uri = \`storage/models/\${digest.slice(0, 12)}/model\`
mkdirSync(dirname(uri), { recursive: true })
writeFileSync(uri, model)
const specyard = createClient({ ...clientOptions(process.env), log: console.log })
const artifacts = [{ name: 'model', uri, size_bytes: model.length, digest: \`sha256:\${digest}\` }]
await specyard.done({ outcome: 'SUCCEEDED', metrics: { loss: 0 }, artifacts })
`

/** Says which version it is, after a few milliseconds in which others can ask; asked to stop it finishes what it began. */
const server = `import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
readFileSync(process.env.MODEL_URI)
const body = JSON.stringify({ version: process.env.MODEL_VERSION })
const server = createServer((request, response) => {
  setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(body), 3)
})
server.listen(Number(process.env.PORT), process.env.HOST)
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
`
