import { Fault } from '../../domain/fault.ts'
import type { ReconcilerPorts } from '../../reconciler/ports.ts'
import type { MeasuringSource } from '../../reconciler/sources/measuring.ts'
import { openPrometheus } from '../../reconciler/sources/prometheus/open.ts'
import type { ProcessEnvironment } from './environment.ts'

/**
 * What endpoints are measured and probed by, as the variables of this process say: PROMETHEUS_URL with PROMETHEUS_TOKEN, and SPECYARD_PROBE_URL, the
 * address under which routes answer. Each is one address for all environments, or `dev=http://…,prod=http://…`. They are never a spec's: what can
 * be written there must not decide whom this process asks.
 * @throws Fault SETTINGS_INVALID
 */
export function openMonitoring(environment: ProcessEnvironment): Pick<ReconcilerPorts, 'measuring' | 'probes'> {
  const token = environment['PROMETHEUS_TOKEN'] || undefined
  const servers = addresses(environment, 'PROMETHEUS_URL')
  const probes = addresses(environment, 'SPECYARD_PROBE_URL')
  const opened = new Map<string, MeasuringSource>()
  for (const url of servers?.values() ?? []) opened.set(url, openPrometheus({ url, token }))
  return {
    ...(servers && { measuring: (name) => opened.get(servers.get(name) ?? servers.get('') ?? '') }),
    ...(probes && { probes: (name) => probes.get(name) ?? probes.get('') }),
  }
}

/** Address by environment; under the empty name for every other one. */
function addresses(environment: ProcessEnvironment, variable: string): ReadonlyMap<string, string> | undefined {
  const text = environment[variable]
  if (!text) return undefined
  const found = new Map<string, string>()
  for (const part of text.split(',')) {
    const [, name = '', url = part.trim()] = /^\s*([a-z0-9-]+)=(.*\S)\s*$/.exec(part) ?? []
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '')
      throw new Fault(
        'SETTINGS_INVALID',
        `${variable} has something else than an address of http or https without a user`,
        {
          retry: 'never',
          hint: `write ${variable}=https://ml.example.com, or ${variable}=dev=http://…,prod=https://… for several environments`,
        },
      )
    found.set(name, url)
  }
  return found
}
