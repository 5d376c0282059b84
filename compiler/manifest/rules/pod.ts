import { each, isObject, type Loose, quoted } from '../finding.ts'
import { type Checks, isAbsent } from './check.ts'
import { checkContainer, type ContainerPlace } from './container.ts'
import { checkMetadata, checkReference } from './metadata.ts'
import { dnsLabel, dnsSubdomain, isAddress, labelValue, qualifiedName } from './names.ts'
import { checkPodResources } from './resources.ts'
import { checkScheduling } from './scheduling.ts'
import { checkPodSecurity } from './security.ts'
import { checkVolume } from './volumes/volume.ts'
import { checkSystem } from './windows.ts'

const idMax = 2 ** 31 - 1
const hostNameMax = 64
const [searchesMax, searchCharactersMax] = [32, 2048]

/** @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go ValidatePodTemplateSpec */
export function checkPodTemplate(template: unknown, pointer: string, check: Checks): void {
  if (!isObject(template)) return check.tell(pointer.slice(0, pointer.lastIndexOf('/')), 'lacks template')
  checkMetadata(template, pointer, check, dnsSubdomain)
  const at = `${pointer}/spec`
  const pod = template['spec']
  if (!isObject(pod)) return check.tell(pointer, 'lacks spec')
  checkContainers(pod, at, check)
  checkIdentity(pod, at, check)
  checkNetwork(pod, at, check)
  checkPodSecurity(pod, at, check)
  checkScheduling(pod, at, check)
  checkPodResources(pod, at, check)
  checkSystem(pod, at, check)
}

function checkContainers(pod: Loose, at: string, check: Checks): void {
  const volumes = new Map<unknown, Loose>()
  const names = new Set<string>()
  for (const [volume, where] of each(pod['volumes'], `${at}/volumes`)) {
    check.name(volume, 'name', where, dnsLabel, 'required')
    check.unique(names, volume['name'], `${where}/name`)
    volumes.set(volume['name'], volume)
    checkVolume(volume, where, check)
  }
  const place: ContainerPlace = { volumes, names: new Set(), hostPorts: new Set(), pod }
  const containers = each(pod['containers'], `${at}/containers`)
  if (containers.length === 0) check.tell(at, 'lacks containers')
  for (const [container, where] of containers) checkContainer(container, where, 'container', place, check)
  for (const [container, where] of each(pod['initContainers'], `${at}/initContainers`))
    checkContainer(container, where, 'init', place, check)
  if (each(pod['ephemeralContainers'], '').length > 0)
    check.tell(`${at}/ephemeralContainers`, 'cannot be in a template')
}

function checkIdentity(pod: Loose, at: string, check: Checks): void {
  check.name(pod, isAbsent(pod['serviceAccountName']) ? 'serviceAccount' : 'serviceAccountName', at, dnsSubdomain)
  check.name(pod, 'nodeName', at, dnsSubdomain)
  check.name(pod, 'priorityClassName', at, dnsSubdomain)
  check.name(pod, 'runtimeClassName', at, dnsSubdomain, 'exact')
  check.name(pod, 'hostname', at, dnsLabel)
  check.name(pod, 'subdomain', at, dnsLabel)
  checkHostName(pod, at, check)
  check.oneOf(pod, 'preemptionPolicy', at, ['PreemptLowerPriority', 'Never'], 'exact')
  check.within(pod, 'activeDeadlineSeconds', at, 1, idMax)
  check.labels(pod, 'nodeSelector', at, qualifiedName, labelValue)
  for (const [gate, where] of each(pod['readinessGates'], `${at}/readinessGates`))
    check.name(gate, 'conditionType', where, qualifiedName, 'required')
  const gates = new Set<string>()
  for (const [gate, where] of each(pod['schedulingGates'], `${at}/schedulingGates`)) {
    check.name(gate, 'name', where, qualifiedName, 'required')
    check.unique(gates, gate['name'], where)
  }
  const { os } = pod
  if (isObject(os)) {
    check.required(os, 'name', `${at}/os`)
    check.oneOf(os, 'name', `${at}/os`, ['linux', 'windows'])
  }
  const claims = new Set<string>()
  for (const [claim, where] of each(pod['resourceClaims'], `${at}/resourceClaims`)) {
    check.name(claim, 'name', where, dnsLabel, 'required')
    check.unique(claims, claim['name'], where)
    const of = ['resourceClaimName', 'resourceClaimTemplateName'].filter((field) => typeof claim[field] === 'string')
    if (of.length !== 1) check.tell(where, 'must have one of resourceClaimName, resourceClaimTemplateName')
    for (const field of of) checkReference(claim, field, where, check)
  }
}

function checkHostName(pod: Loose, at: string, check: Checks): void {
  const name = pod['hostnameOverride']
  if (typeof name !== 'string') return
  check.name(pod, 'hostnameOverride', at, dnsSubdomain, 'exact')
  const where = `${at}/hostnameOverride`
  if (name.length > hostNameMax) check.tell(where, `has ${name.length} characters, and may have at most ${hostNameMax}`)
  for (const field of ['setHostnameAsFQDN', 'hostNetwork'])
    if (pod[field] === true) check.tell(where, `may not stand beside ${field}`)
}

function checkNetwork(pod: Loose, at: string, check: Checks): void {
  check.oneOf(pod, 'dnsPolicy', at, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'])
  const dns = isObject(pod['dnsConfig']) ? pod['dnsConfig'] : {}
  const servers = Array.isArray(dns['nameservers']) ? (dns['nameservers'] as readonly unknown[]) : []
  if (pod['dnsPolicy'] === 'None' && servers.length === 0)
    check.tell(at, 'lacks dnsConfig.nameservers, which dnsPolicy: None needs')
  if (servers.length > 3) check.tell(`${at}/dnsConfig/nameservers`, 'may have at most 3 entries')
  servers.forEach((server, index) => {
    if (typeof server === 'string' && !isAddress(server))
      check.tell(`${at}/dnsConfig/nameservers/${index}`, `is ${quoted(server)}, which is no IP address`)
  })
  for (const [option, where] of each(dns['options'], `${at}/dnsConfig/options`)) check.required(option, 'name', where)
  if (Array.isArray(dns['searches'])) {
    if (dns['searches'].length > searchesMax)
      check.tell(`${at}/dnsConfig/searches`, `may have at most ${searchesMax} entries`)
    if (dns['searches'].join(' ').length > searchCharactersMax)
      check.tell(`${at}/dnsConfig/searches`, `may have at most ${searchCharactersMax} characters`)
    dns['searches'].forEach((domain: unknown, index) => {
      const wrong =
        typeof domain === 'string' && domain !== '.'
          ? dnsSubdomain(domain.replace(/\.$/, '').replace(/_/g, '-'))
          : undefined
      if (wrong !== undefined) check.tell(`${at}/dnsConfig/searches/${index}`, `is ${quoted(domain)}, and ${wrong}`)
    })
  }
  for (const [alias, where] of each(pod['hostAliases'], `${at}/hostAliases`)) {
    if (typeof alias['ip'] !== 'string' || !isAddress(alias['ip']))
      check.tell(`${where}/ip`, `is ${quoted(alias['ip'])}, which is no IP address`)
    if (Array.isArray(alias['hostnames']))
      alias['hostnames'].forEach((name: unknown, index) => {
        const wrong = typeof name === 'string' ? dnsSubdomain(name) : undefined
        if (wrong !== undefined) check.tell(`${where}/hostnames/${index}`, `is ${quoted(name)}, and ${wrong}`)
      })
  }
  if (pod['hostUsers'] === false && (pod['hostNetwork'] === true || pod['hostPID'] === true || pod['hostIPC'] === true))
    check.tell(`${at}/hostUsers`, 'may not be false beside hostNetwork, hostPID or hostIPC')
}
