import { each, isObject, type Loose } from '../finding.ts'
import type { Checks } from './check.ts'
import { checkMetadata } from './metadata.ts'
import { dnsLabel, labelValue, qualifiedName, serviceName } from './names.ts'

/** What the API server asks of a Service, as far as that of a multi-node training goes. */
export function checkService(service: Loose, check: Checks): void {
  checkMetadata(service, '', check, serviceName)
  const spec = service['spec']
  if (!isObject(spec)) return check.tell('', 'lacks spec')
  check.oneOf(spec, 'type', '/spec', ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])
  check.oneOf(spec, 'sessionAffinity', '/spec', ['None', 'ClientIP'])
  check.labels(spec, 'selector', '/spec', qualifiedName, labelValue)
  const ports = each(spec['ports'], '/spec/ports')
  const names = new Set<string>()
  const numbers = new Set<string>()
  if (ports.length === 0 && spec['clusterIP'] !== 'None') check.tell('/spec', 'lacks ports')
  for (const [port, where] of ports) {
    check.name(port, 'name', where, dnsLabel, ports.length > 1 ? 'required' : undefined)
    if (ports.length > 1) check.unique(names, port['name'], `${where}/name`)
    check.within(port, 'port', where, 1, 65_535)
    check.oneOf(port, 'protocol', where, ['TCP', 'UDP', 'SCTP'])
    check.unique(numbers, [port['protocol'] ?? 'TCP', port['port']], where)
    const target = port['targetPort']
    if (typeof target === 'number' && (target < 1 || target > 65_535))
      check.tell(`${where}/targetPort`, `is ${target}, and must be between 1 and 65535`)
  }
}
