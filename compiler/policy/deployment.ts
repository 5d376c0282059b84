import type { Manifest } from './resources.ts'
import { manifestOf } from './resources.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * The Deployment that the chart `serving-endpoint` makes of an endpoint's values: the parts that can differ from endpoint to endpoint, and those that
 * policies ask about. A test holds it to what Helm renders.
 * @param namespace that the endpoint's Application installs into
 */
export function deploymentOf(values: unknown, namespace: string): Manifest | undefined {
  if (typeof values !== 'object' || values === null) return undefined
  const all = values as Values
  const { name, image, command, args, port, resources, volumes, volumeMounts, nodeSelector, tolerations } = all
  const labels = labelsOf(all)
  const pod = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'server',
        image,
        ...filled({ command, args, resources, volumeMounts }),
        env: variablesOf(all),
        ports: [{ name: 'http', containerPort: port }],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
    ...filled({ volumes, nodeSelector, tolerations }),
  }
  return manifestOf({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      ...(all['autoscale'] ? {} : { replicas: at(all['replicas'], 'min') }),
      selector: { matchLabels: selectorOf(all) },
      template: { metadata: { labels }, spec: pod },
    },
  })
}

/** What the chart adds to the variables of the values. */
function variablesOf({ env, name, promptTemplate }: Values): readonly unknown[] {
  const own = Array.isArray(env) ? (env as readonly unknown[]) : []
  const key = { name: `${String(name)}-prompt-template`, key: 'text' }
  return [
    ...(own.some((one) => at(one, 'name') === 'HOST') ? [] : [{ name: 'HOST', value: '0.0.0.0' }]),
    ...(isEmpty(promptTemplate) ? [] : [{ name: 'PROMPT_TEMPLATE', valueFrom: { configMapKeyRef: key } }]),
    ...own,
  ]
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
