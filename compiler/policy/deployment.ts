import type { Manifest } from './resources.ts'
import { manifestOf } from './resources.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * The Deployments that the chart `serving-endpoint` makes of an endpoint's values, of the release that serves and of the candidate: the parts that can
 * differ from endpoint to endpoint, and those that policies ask about. A test holds them to what Helm renders. For other backends they stand for the
 * pods that the backend makes, which run the same.
 * @param namespace that the endpoint's Application installs into
 */
export function deploymentsOf(values: unknown, namespace: string): readonly Manifest[] {
  if (typeof values !== 'object' || values === null) return []
  const { candidate, ...all } = values as Values
  const stable = deploymentOf(all, 'stable', namespace)
  if (typeof candidate !== 'object' || candidate === null) return stable ? [stable] : []
  const beside = { ...all, ...(candidate as Values), name: `${String(all['name'])}-candidate` }
  return [stable, deploymentOf(beside, 'candidate', namespace)].filter((one) => one !== undefined)
}

function deploymentOf(all: Values, track: 'stable' | 'candidate', namespace: string): Manifest | undefined {
  const { name, image, command, args, port, resources, volumes, volumeMounts, nodeSelector, tolerations } = all
  const podLabels = { ...labelsOf(all), ...(track === 'candidate' ? { [trackLabel]: track } : {}) }
  const prompt = !isEmpty(all['promptTemplate'])
  const guard = at(all['auth'], 'by') === 'proxy' && all['framework'] === 'fastapi'
  const pod = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'server',
        image,
        ...filled({
          ...{ command, args, resources },
          volumeMounts: [...listOf(volumeMounts), ...(prompt ? [promptMount] : [])],
        }),
        env: variablesOf(all, guard),
        ports: [{ name: 'http', containerPort: port }],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
      ...(guard ? [proxyOf(all)] : []),
    ],
    ...filled({
      volumes: [
        ...listOf(volumes),
        ...(prompt ? [{ name: 'prompt-template', configMap: { name: `${String(name)}-prompt-template` } }] : []),
        ...(guard ? [{ name: 'auth-proxy', configMap: { name: `${String(name)}-auth-proxy` } }] : []),
      ],
      ...{ nodeSelector, tolerations },
    }),
  }
  return manifestOf({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { ...podLabels, [trackLabel]: track } },
    spec: {
      ...(all['autoscale'] ? {} : { replicas: at(all['replicas'], 'min') }),
      selector: { matchLabels: selectorOf(all) },
      template: { metadata: { labels: podLabels }, spec: pod },
    },
  })
}

const trackLabel = 'specyard.dev/track'
const promptMount = { name: 'prompt-template', mountPath: '/etc/specyard/prompt-template', readOnly: true }

/** The proxy beside the server: what policies ask of containers. */
function proxyOf({ auth }: Values): Values {
  return {
    name: 'auth-proxy',
    image: at(auth, 'image'),
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 101 },
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'auth-proxy', mountPath: '/etc/envoy', readOnly: true }],
  }
}

/** What the chart adds to the variables of the values. */
function variablesOf({ env, name, promptTemplate }: Values, guard: boolean): readonly unknown[] {
  const own = listOf(env)
  const has = (variable: string): boolean => own.some((one) => at(one, 'name') === variable)
  const key = { name: `${String(name)}-prompt-template`, key: 'text' }
  const prompt = isEmpty(promptTemplate)
    ? []
    : [
        { name: 'PROMPT_TEMPLATE', valueFrom: { configMapKeyRef: key } },
        ...(has('PROMPT_TEMPLATE_FILE')
          ? []
          : [{ name: 'PROMPT_TEMPLATE_FILE', value: `${promptMount.mountPath}/text` }]),
      ]
  return [...(has('HOST') ? [] : [{ name: 'HOST', value: guard ? '127.0.0.1' : '0.0.0.0' }]), ...prompt, ...own]
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

function selectorOf({ name }: Values): Values {
  return { 'app.kubernetes.io/name': 'serving-endpoint', 'app.kubernetes.io/instance': name }
}

function labelsOf(values: Values): Values {
  return {
    ...selectorOf(values),
    'app.kubernetes.io/part-of': values['project'],
    'app.kubernetes.io/managed-by': 'Helm',
    'specyard.dev/environment': values['environment'],
    ...(values['labels'] as Values | undefined),
  }
}

/** Helm's `with`: what is empty is left out. */
function filled(parts: Values): Values {
  return Object.fromEntries(Object.entries(parts).filter(([, one]) => !isEmpty(one)))
}

function isEmpty(one: unknown): boolean {
  if (one === undefined || one === null || one === '' || one === 0 || one === false) return true
  return typeof one === 'object' && Object.keys(one).length === 0
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Values)[key] : undefined
}
