import { each, isObject, type Loose, quoted } from '../finding.ts'
import type { Checks } from './check.ts'
import { portName } from './names.ts'

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** What the rules for probes and hooks ask of where a container stands. */
export interface HookPlace {
  /** Runs before the others and ends. */
  readonly isPlainInit: boolean
  readonly pod: Loose
}

/** Where the pod says nothing. */
const gracePeriodSeconds = 30

/** Probes and hooks of a container. */
export function checkHooks(container: Loose, at: string, { isPlainInit, pod }: HookPlace, check: Checks): void {
  for (const kind of probes) {
    const probe = container[kind]
    if (!isObject(probe)) continue
    if (isPlainInit) check.tell(`${at}/${kind}`, 'cannot be set for an init container without restartPolicy: Always')
    checkProbe(probe, `${at}/${kind}`, kind === 'readinessProbe', check)
  }
  const { lifecycle } = container
  if (!isObject(lifecycle)) return
  if (isPlainInit) check.tell(`${at}/lifecycle`, 'cannot be set for an init container without restartPolicy: Always')
  for (const hook of ['postStart', 'preStop'] as const) {
    const action = lifecycle[hook]
    if (!isObject(action)) continue
    checkAction(action, `${at}/lifecycle/${hook}`, ['exec', 'httpGet', 'tcpSocket', 'sleep'], check)
    const grace = pod['terminationGracePeriodSeconds'] ?? gracePeriodSeconds
    if (isObject(action['sleep']) && typeof grace === 'number')
      check.within(action['sleep'], 'seconds', `${at}/lifecycle/${hook}/sleep`, 0, Math.max(0, grace))
  }
}

function checkProbe(probe: Loose, at: string, isReadiness: boolean, check: Checks): void {
  checkAction(probe, at, ['exec', 'httpGet', 'tcpSocket', 'grpc'], check)
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ])
    check.within(probe, field, at, 0)
  if (isReadiness) {
    if (typeof probe['terminationGracePeriodSeconds'] === 'number')
      check.tell(`${at}/terminationGracePeriodSeconds`, 'cannot be set for a readiness probe')
  } else {
    check.within(probe, 'terminationGracePeriodSeconds', at, 1)
    const threshold = probe['successThreshold']
    if (typeof threshold === 'number' && threshold !== 1 && threshold !== 0)
      check.tell(`${at}/successThreshold`, 'must be 1')
  }
}

function checkAction(action: Loose, at: string, kinds: readonly string[], check: Checks): void {
  const kind = check.exactlyOne(action, kinds, at)
  if (kind === undefined) return
  const what = action[kind] as Loose
  const where = `${at}/${kind}`
  if (kind === 'exec') check.required(what, 'command', where)
  if (kind === 'grpc') check.within(what, 'port', where, 1, 65_535)
  if (kind !== 'httpGet' && kind !== 'tcpSocket') return
  checkPort(what['port'], where, check)
  if (kind === 'tcpSocket') return
  check.oneOf(what, 'scheme', where, ['HTTP', 'HTTPS'])
  for (const [header, place] of each(what['httpHeaders'], `${where}/httpHeaders`)) {
    const { name } = header
    if (typeof name !== 'string' || !/^[-A-Za-z0-9]+$/.test(name))
      check.tell(`${place}/name`, `is ${quoted(name)}, which is no name of a header`)
  }
}

function checkPort(port: unknown, at: string, check: Checks): void {
  if (typeof port === 'number') {
    if (port < 1 || port > 65_535) check.tell(`${at}/port`, `is ${port}, and must be between 1 and 65535`)
  } else if (typeof port !== 'string' || portName(port) !== undefined)
    check.tell(`${at}/port`, `is ${quoted(port)}, which is no port`)
}
