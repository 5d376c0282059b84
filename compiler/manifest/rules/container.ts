import { each, isObject, type Loose, quoted } from '../finding.ts'
import { amountOf } from '../formats.ts'
import { type Checks, isAbsent } from './check.ts'
import { checkReference } from './metadata.ts'
import { dnsLabel, keyOfMap, pathInside, portName, qualifiedName, variableName } from './names.ts'
import { checkHooks } from './probe.ts'
import { checkContainerSecurity } from './security.ts'

/** What containers of one pod share. */
export interface ContainerPlace {
  readonly volumes: ReadonlyMap<unknown, Loose>
  readonly names: Set<string>
  readonly hostPorts: Set<string>
  readonly pod: Loose
}

const portMax = 65_535

/** @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go validateContainerCommon */
export function checkContainer(
  container: Loose,
  at: string,
  is: 'container' | 'init',
  place: ContainerPlace,
  check: Checks,
): void {
  check.name(container, 'name', at, dnsLabel, 'required')
  check.unique(place.names, container['name'], `${at}/name`)
  const { image } = container
  if (isAbsent(image)) check.tell(at, 'lacks image')
  else if (typeof image === 'string' && image !== image.trim())
    check.tell(`${at}/image`, `is ${quoted(image)}, and may not begin or end with a space`)
  check.oneOf(container, 'imagePullPolicy', at, ['Always', 'IfNotPresent', 'Never'])
  check.oneOf(container, 'terminationMessagePolicy', at, ['File', 'FallbackToLogsOnError'])
  check.oneOf(container, 'restartPolicy', at, ['Always', 'Never', 'OnFailure'])
  const isSidecar = container['restartPolicy'] === 'Always'
  checkHooks(container, at, is === 'init' && !isSidecar, check)
  checkPorts(container, at, place, check)
  checkVariables(container, at, check)
  checkMounts(container, at, place, check)
  checkResources(container, at, place.pod, check)
  checkContainerSecurity(container, at, place.pod, check)
}

function checkPorts(container: Loose, at: string, place: ContainerPlace, check: Checks): void {
  const names = new Set<string>()
  for (const [port, where] of each(container['ports'], `${at}/ports`)) {
    check.name(port, 'name', where, portName)
    if (!isAbsent(port['name'])) check.unique(names, port['name'], `${where}/name`)
    if (typeof port['containerPort'] !== 'number') check.tell(where, 'lacks containerPort')
    check.within(port, 'containerPort', where, 1, portMax)
    check.within(port, 'hostPort', where, 0, portMax)
    check.oneOf(port, 'protocol', where, ['TCP', 'UDP', 'SCTP'])
    const { hostPort, containerPort, protocol = 'TCP', hostIP = '' } = port
    if (
      place.pod['hostNetwork'] === true &&
      typeof hostPort === 'number' &&
      hostPort !== 0 &&
      hostPort !== containerPort
    )
      check.tell(`${where}/hostPort`, 'must be the containerPort where there is hostNetwork')
    if (typeof hostPort === 'number' && hostPort !== 0)
      check.unique(place.hostPorts, `${String(protocol)}/${String(hostIP)}/${hostPort}`, `${where}/hostPort`)
  }
}

const fieldPaths =
  /^(metadata\.(name|namespace|uid|labels|annotations)|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/
const indexedFieldPath = /^metadata\.(labels|annotations)\['([^']*)'\]$/

function checkVariables(container: Loose, at: string, check: Checks): void {
  // The server takes a name twice, and the last one wins: what Specyard gives a trainer could be put aside that way.
  const names = new Set<string>()
  for (const [variable, where] of each(container['env'], `${at}/env`)) {
    check.name(variable, 'name', where, variableName, 'required')
    check.unique(names, variable['name'], `${where}/name`)
    const from = variable['valueFrom']
    if (!isObject(from)) continue
    if (!isAbsent(variable['value'])) check.tell(`${where}/valueFrom`, 'may not stand beside a value')
    checkSource(from, `${where}/valueFrom`, check)
  }
  for (const [source, where] of each(container['envFrom'], `${at}/envFrom`)) {
    check.name(source, 'prefix', where, variableName)
    const kind = check.exactlyOne(source, ['configMapRef', 'secretRef'], where)
    if (kind !== undefined) checkReference(source[kind] as Loose, 'name', `${where}/${kind}`, check)
  }
}

function checkSource(from: Loose, at: string, check: Checks): void {
  const kinds = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']
  const kind = check.exactlyOne(from, kinds, at)
  if (kind === undefined) return
  const source = from[kind] as Loose
  const where = `${at}/${kind}`
  if (kind === 'fieldRef') {
    const path = source['fieldPath']
    if (typeof path !== 'string' || path === '') return check.tell(where, 'lacks fieldPath')
    const [, of, key = ''] = indexedFieldPath.exec(path) ?? []
    const known = of === undefined ? fieldPaths.test(path) && !/labels|annotations/.test(path) : true
    const name = of === undefined ? undefined : qualifiedName(of === 'annotations' ? key.toLowerCase() : key)
    if (!known || name !== undefined) check.tell(`${where}/fieldPath`, `is ${quoted(path)}, which is no field of a pod`)
  } else if (kind === 'resourceFieldRef') checkResourceField(source, where, check)
  else if (kind !== 'fileKeyRef') {
    checkReference(source, 'name', where, check)
    check.name(source, 'key', where, keyOfMap, 'required')
  }
}

export function checkResourceField(source: Loose, at: string, check: Checks): void {
  const { resource } = source
  if (typeof resource !== 'string' || resource === '') return check.tell(at, 'lacks resource')
  if (!/^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(resource))
    check.tell(`${at}/resource`, `is ${quoted(resource)}, which is no resource of a container`)
}

function checkMounts(container: Loose, at: string, place: ContainerPlace, check: Checks): void {
  const paths = new Set<string>()
  for (const [mount, where] of each(container['volumeMounts'], `${at}/volumeMounts`)) {
    check.required(mount, 'name', where)
    check.required(mount, 'mountPath', where)
    const { name, mountPath, subPath } = mount
    if (!isAbsent(name) && !place.volumes.has(name))
      check.tell(`${where}/name`, `is ${quoted(name)}, and the pod has no volume of this name`)
    check.unique(paths, mountPath, `${where}/mountPath`)
    check.name(mount, 'subPath', where, pathInside)
    check.name(mount, 'subPathExpr', where, pathInside)
    if (!isAbsent(subPath) && !isAbsent(mount['subPathExpr']))
      check.tell(`${where}/subPathExpr`, 'may not stand beside subPath')
    check.oneOf(mount, 'mountPropagation', where, ['None', 'HostToContainer', 'Bidirectional'])
    check.oneOf(mount, 'recursiveReadOnly', where, ['Disabled', 'IfPossible', 'Enabled'])
    if (['IfPossible', 'Enabled'].includes(String(mount['recursiveReadOnly'])) && mount['readOnly'] !== true)
      check.tell(`${where}/recursiveReadOnly`, 'needs readOnly: true')
    const context = container['securityContext']
    const isPrivileged = isObject(context) && context['privileged'] === true
    if (mount['mountPropagation'] === 'Bidirectional' && !isPrivileged)
      check.tell(`${where}/mountPropagation`, 'Bidirectional needs a privileged container')
  }
  for (const [device, where] of each(container['volumeDevices'], `${at}/volumeDevices`)) {
    for (const field of ['name', 'devicePath']) check.required(device, field, where)
    const volume = place.volumes.get(device['name'])
    if (!volume) check.tell(`${where}/name`, 'names no volume of the pod')
    else if (!isObject(volume['persistentVolumeClaim']) && !isObject(volume['ephemeral']))
      check.tell(`${where}/name`, 'names a volume that is no claim')
  }
}

function checkResources(container: Loose, at: string, pod: Loose, check: Checks): void {
  const resources = container['resources']
  if (!isObject(resources)) return
  const where = `${at}/resources`
  const limits = isObject(resources['limits']) ? resources['limits'] : {}
  const requests = isObject(resources['requests']) ? resources['requests'] : {}
  const [limited, requested] = [Object.keys(limits), Object.keys(requests)]
  for (const name of limited) checkAmount(name, limits[name], `${where}/limits`, check)
  for (const name of requested) checkAmount(name, requests[name], `${where}/requests`, check)
  for (const name of requested) {
    const unfit = unfitRequest(name, amountOf(requests[name]), amountOf(limits[name]))
    if (unfit !== undefined) check.tell(`${where}/requests/${pointed(name)}`, unfit)
  }
  const named = [...limited, ...requested]
  if (named.some((name) => name.startsWith('hugepages-')) && !named.includes('cpu') && !named.includes('memory'))
    check.tell(where, 'has hugepages, which need cpu or memory beside them')
  for (const [claim, place] of each(resources['claims'], `${where}/claims`))
    if (!each(pod['resourceClaims'], '').some(([{ name }]) => name === claim['name']))
      check.tell(`${place}/name`, 'names no resourceClaim of the pod')
}

function unfitRequest(name: string, request: number | undefined, limit: number | undefined): string | undefined {
  if (request === undefined || request === limit) return undefined
  const isWhole = isExtended(name) || name.startsWith('hugepages-')
  if (limit === undefined) return isWhole ? 'needs an equal limit' : undefined
  if (request > limit) return 'is more than its limit'
  return isWhole ? 'must be equal to its limit: this resource cannot be overcommitted' : undefined
}

const native = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/

function isExtended(name: string): boolean {
  return name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name)
}

/** @param of the list that it stands in */
function checkAmount(name: string, value: unknown, of: string, check: Checks): void {
  const tell = (message: string): void => check.tell(`${of}/${pointed(name)}`, message)
  const wrong = qualifiedName(name)
  if (wrong !== undefined) tell(`has the key ${quoted(name)}, which ${wrong}`)
  else if (!name.includes('/') && !native.test(name)) tell(`is for ${quoted(name)}, which no container has`)
  const amount = amountOf(value)
  if (amount === undefined) return
  if (amount < 0) tell(`is ${quoted(value)}, and may not be negative`)
  if (!Number.isInteger(amount) && isExtended(name)) tell(`is ${quoted(value)}, and must be whole`)
}

function pointed(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
