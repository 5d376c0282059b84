import { each, isObject, type Loose, quoted } from '../finding.ts'
import { type Checks, isAbsent } from './check.ts'
import { checkReference } from './metadata.ts'
import { dnsLabel, keyOfMap, pathDown, pathInside, portName, qualifiedName, variableName } from './names.ts'
import { checkHooks } from './probe.ts'
import { checkResourceField, checkResources } from './resources.ts'
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
  checkRestarts(container, at, check)
  const isSidecar = container['restartPolicy'] === 'Always'
  checkHooks(container, at, { isPlainInit: is === 'init' && !isSidecar, pod: place.pod }, check)
  checkPorts(container, at, place, check)
  checkVariables(container, at, place, check)
  checkMounts(container, at, place, check)
  checkResources(container, at, place.pod, check)
  checkContainerSecurity(container, at, place.pod, check)
}

const restartRulesMax = 20
const exitCodesMax = 255

/** Which ends of a container are no end of its pod. */
function checkRestarts(container: Loose, at: string, check: Checks): void {
  check.oneOf(container, 'restartPolicy', at, ['Always', 'Never', 'OnFailure'], 'exact')
  const rules = each(container['restartPolicyRules'], `${at}/restartPolicyRules`)
  if (rules.length > 0) check.required(container, 'restartPolicy', at)
  if (rules.length > restartRulesMax)
    check.tell(`${at}/restartPolicyRules`, `has ${rules.length} entries, and may have at most ${restartRulesMax}`)
  for (const [rule, where] of rules) {
    check.oneOf(rule, 'action', where, ['Restart', 'RestartAllContainers'], 'exact')
    const codes = rule['exitCodes']
    if (!isObject(codes)) {
      check.tell(where, 'lacks exitCodes')
      continue
    }
    check.oneOf(codes, 'operator', `${where}/exitCodes`, ['In', 'NotIn'], 'exact')
    if (Array.isArray(codes['values']) && codes['values'].length > exitCodesMax)
      check.tell(`${where}/exitCodes/values`, `may have at most ${exitCodesMax} entries`)
  }
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

function checkVariables(container: Loose, at: string, place: ContainerPlace, check: Checks): void {
  // The server takes a name twice, and the last one wins: what Specyard gives a trainer could be put aside that way.
  const names = new Set<string>()
  for (const [variable, where] of each(container['env'], `${at}/env`)) {
    check.name(variable, 'name', where, variableName, 'required')
    check.unique(names, variable['name'], `${where}/name`)
    const from = variable['valueFrom']
    if (!isObject(from)) continue
    if (!isAbsent(variable['value'])) check.tell(`${where}/valueFrom`, 'may not stand beside a value')
    checkSource(from, `${where}/valueFrom`, place, check)
  }
  for (const [source, where] of each(container['envFrom'], `${at}/envFrom`)) {
    check.name(source, 'prefix', where, variableName)
    const kind = check.exactlyOne(source, ['configMapRef', 'secretRef'], where)
    if (kind !== undefined) checkReference(source[kind] as Loose, 'name', `${where}/${kind}`, check)
  }
}

function checkSource(from: Loose, at: string, place: ContainerPlace, check: Checks): void {
  const kinds = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']
  const kind = check.exactlyOne(from, kinds, at)
  if (kind === undefined) return
  const source = from[kind] as Loose
  const where = `${at}/${kind}`
  if (kind === 'fieldRef') {
    const path = source['fieldPath']
    if (typeof path !== 'string' || path === '') return check.tell(where, 'lacks fieldPath')
    check.oneOf(source, 'apiVersion', where, ['v1'])
    const [, of, key = ''] = indexedFieldPath.exec(path) ?? []
    const known = of === undefined ? fieldPaths.test(path) && !/labels|annotations/.test(path) : true
    const name = of === undefined ? undefined : qualifiedName(of === 'annotations' ? key.toLowerCase() : key)
    if (!known || name !== undefined) check.tell(`${where}/fieldPath`, `is ${quoted(path)}, which is no field of a pod`)
  } else if (kind === 'resourceFieldRef') checkResourceField(source, where, check)
  else if (kind === 'fileKeyRef') checkFileKey(source, where, place, check)
  else {
    checkReference(source, 'name', where, check)
    check.name(source, 'key', where, keyOfMap, 'required')
  }
}

/** A variable that an init container has left in a file. */
function checkFileKey(source: Loose, at: string, place: ContainerPlace, check: Checks): void {
  check.name(source, 'key', at, variableName, 'required')
  check.name(source, 'path', at, pathDown, 'required')
  const name = source['volumeName']
  if (isAbsent(name)) return check.tell(at, 'lacks volumeName')
  const volume = place.volumes.get(name)
  if (!volume) check.tell(`${at}/volumeName`, `is ${quoted(name)}, and the pod has no volume of this name`)
  // Without a source it is one.
  else if (Object.keys(volume).some((field) => field !== 'name' && field !== 'emptyDir' && isObject(volume[field])))
    check.tell(`${at}/volumeName`, `is ${quoted(name)}, and the volume must be an emptyDir`)
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
    check.oneOf(mount, 'mountPropagation', where, ['None', 'HostToContainer', 'Bidirectional'], 'exact')
    check.oneOf(mount, 'recursiveReadOnly', where, ['Disabled', 'IfPossible', 'Enabled'], 'exact')
    if (['IfPossible', 'Enabled'].includes(String(mount['recursiveReadOnly'])) && mount['readOnly'] !== true)
      check.tell(`${where}/recursiveReadOnly`, 'needs readOnly: true')
    const context = container['securityContext']
    const isPrivileged = isObject(context) && context['privileged'] === true
    if (mount['mountPropagation'] === 'Bidirectional' && !isPrivileged)
      check.tell(`${where}/mountPropagation`, 'Bidirectional needs a privileged container')
  }
  checkDevices(container, at, place, paths, check)
}

/** @param paths that have a mount already */
function checkDevices(container: Loose, at: string, place: ContainerPlace, paths: Set<string>, check: Checks): void {
  const devices = each(container['volumeDevices'], `${at}/volumeDevices`)
  if (devices.length > 0 && place.pod['hostUsers'] === false)
    check.tell(`${at}/volumeDevices`, 'may not be there where hostUsers is false')
  const names = new Set(each(container['volumeMounts'], '').map(([mount]) => String(mount['name'])))
  for (const [device, where] of devices) {
    for (const field of ['name', 'devicePath']) check.required(device, field, where)
    check.unique(names, device['name'], `${where}/name`)
    check.unique(paths, device['devicePath'], `${where}/devicePath`)
    check.name(device, 'devicePath', where, pathDown)
    const volume = place.volumes.get(device['name'])
    if (!volume) check.tell(`${where}/name`, 'names no volume of the pod')
    else if (!isObject(volume['persistentVolumeClaim']) && !isObject(volume['ephemeral']))
      check.tell(`${where}/name`, 'names a volume that is no claim')
  }
}
