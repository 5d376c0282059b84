import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import { type Definitions, fromCustomResource, fromSwagger, type Swagger } from './reduce.ts'

/*
 * Takes the shapes of Kubernetes objects out of the Go modules that define them, by Go's own client (which checks their sums), and writes what
 * of them manifests can reach to schemas/kubernetes/:
 *   npx tsx tools/kubernetes/vendor-schemas.ts
 * It needs Go and some minutes for the first download (about 300 MB). schemas/kubernetes/README.md says what the files are.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const target = join(root, 'schemas', 'kubernetes')

/** The newest patch release of each minor version that the module proxy had. The first part of a name is what `--kube-version` takes. */
const kubernetes = { '1.34': 'v1.34.3', '1.35': 'v1.35.4', '1.36': 'v1.36.1' } as const

/** What manifests and the chart are made of. */
const kinds = [
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'io.k8s.api.networking.v1.Ingress',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
]

const custom = [
  ['github.com/argoproj/argo-cd/v3', 'v3.5.7', 'manifests/crds/application-crd.yaml'],
  ['github.com/kserve/kserve', 'v0.16.0', 'config/crd/full/serving.kserve.io_inferenceservices.yaml'],
  ['github.com/ray-project/kuberay/ray-operator', 'v1.3.0', 'config/crd/bases/ray.io_rayservices.yaml'],
  ['sigs.k8s.io/gateway-api', 'v1.5.0', 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  [
    'github.com/envoyproxy/gateway',
    'v1.4.2',
    'charts/gateway-helm/crds/generated/gateway.envoyproxy.io_securitypolicies.yaml',
  ],
  ['github.com/kedacore/keda/v2', 'v2.21.0', 'config/crd/bases/keda.sh_scaledobjects.yaml'],
  ['sigs.k8s.io/kueue', 'v0.10.0', 'config/components/crd/bases/kueue.x-k8s.io_localqueues.yaml'],
  [
    'github.com/prometheus-operator/prometheus-operator',
    'v0.85.0',
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
  ],
] as const

interface Source {
  readonly file: string
  readonly module: string
  readonly version: string
  readonly sum: string
  readonly path: string
  readonly licence: 'Apache-2.0'
}

rmSync(join(target, 'custom'), { recursive: true, force: true })
mkdirSync(join(target, 'custom'), { recursive: true })
const sources: Source[] = []
for (const [minor, version] of Object.entries(kubernetes)) {
  const path = 'api/openapi-spec/swagger.json'
  const { text, sum } = fromModule('k8s.io/kubernetes', version, path)
  write(`${minor}.json`, fromSwagger(JSON.parse(text) as Swagger, kinds))
  sources.push({ file: `${minor}.json`, module: 'k8s.io/kubernetes', version, sum, path, licence: 'Apache-2.0' })
}
for (const [module, version, path] of custom) {
  const { text, sum } = fromModule(module, version, path)
  const { name, definitions } = fromCustomResource(load(text))
  write(`custom/${name}.json`, definitions)
  sources.push({ file: `custom/${name}.json`, module, version, sum, path, licence: 'Apache-2.0' })
}
writeFileSync(join(target, 'sources.json'), `${JSON.stringify(sources, null, 2)}\n`)

function fromModule(module: string, version: string, path: string): { text: string; sum: string } {
  const asked = spawnSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    encoding: 'utf8',
    // Outside of any module of ours; the newest toolchain is not needed to unpack one.
    cwd: '/',
    env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
  })
  const answer = JSON.parse(asked.stdout || '{}') as { Dir?: string; Sum?: string; Error?: string }
  if (answer.Dir === undefined || answer.Sum === undefined)
    throw new Error(`${module}@${version} cannot be downloaded: ${answer.Error ?? asked.stderr}`)
  return { text: readFileSync(join(answer.Dir, path), 'utf8'), sum: answer.Sum }
}

/** One definition on each line, so that a newer version is a difference that can be read. */
function write(file: string, definitions: Definitions): void {
  const lines = Object.entries(definitions)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`)
  writeFileSync(join(target, file), `{\n${lines.join(',\n')}\n}\n`)
}
