import { each, isObject, type Loose, quoted } from '../../finding.ts'
import { amountOf } from '../../formats.ts'
import { type Checks, isAbsent } from '../check.ts'
import { checkClaimTemplate } from './claim-template.ts'
import { checkDriver } from './driver.ts'
import { checkReference } from '../metadata.ts'
import { dnsSubdomain, keyOfMap, pathInside } from '../names.ts'
import { checkResourceField } from '../resources.ts'

/** What each source must say. */
const needed: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  persistentVolumeClaim: ['claimName'],
  nfs: ['server', 'path'],
  csi: ['driver'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cephfs: ['monitors'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  azureDisk: ['diskName', 'diskURI'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  cinder: ['volumeID'],
  portworxVolume: ['volumeID'],
  gitRepo: ['repository'],
  quobyte: ['registry', 'volume'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  storageos: ['volumeName'],
  secret: ['secretName'],
  configMap: ['name'],
}
const hostPathTypes = [
  ...['DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'],
]
const modeMax = 0o777

/** A volume of a pod: where its files come from. Without a source it is an empty folder. */
export function checkVolume(volume: Loose, at: string, check: Checks): void {
  const sources = Object.keys(volume).filter((field) => field !== 'name' && isObject(volume[field]))
  if (sources.length > 1) check.tell(at, `may have only one of ${sources.join(', ')}`)
  for (const kind of sources) {
    const source = volume[kind] as Loose
    const where = `${at}/${kind}`
    for (const field of needed[kind] ?? []) check.required(source, field, where)
    if (kind === 'secret' || kind === 'configMap') {
      check.within(source, 'defaultMode', where, 0, modeMax)
      checkItems(source, where, check)
    } else if (kind === 'persistentVolumeClaim') check.name(source, 'claimName', where, dnsSubdomain)
    else if (kind === 'hostPath') checkHostPath(source, where, check)
    else if (kind === 'emptyDir') checkEmptyDir(source, where, check)
    else if (kind === 'downwardAPI') checkDownward(source, where, check)
    else if (kind === 'projected') checkProjected(source, where, check)
    else if (kind === 'nfs' && typeof source['path'] === 'string' && !source['path'].startsWith('/'))
      check.tell(`${where}/path`, 'must be absolute')
    else if (kind === 'image') check.oneOf(source, 'pullPolicy', where, ['Always', 'IfNotPresent', 'Never'])
    else if (kind === 'ephemeral') checkClaimTemplate(source, where, check)
    else checkDriver(kind, source, where, check)
  }
}

function checkHostPath(source: Loose, at: string, check: Checks): void {
  const { path, type } = source
  if (typeof path === 'string' && path.split('/').includes('..')) check.tell(`${at}/path`, 'may not hold ..')
  if (!isAbsent(type)) check.oneOf(source, 'type', at, hostPathTypes)
}

function checkEmptyDir(source: Loose, at: string, check: Checks): void {
  const { medium, sizeLimit } = source
  if (typeof medium === 'string' && medium !== '' && medium !== 'Memory' && !/^HugePages(-.+)?$/.test(medium))
    check.tell(`${at}/medium`, `is ${quoted(medium)}`, 'use one of: Memory, HugePages')
  if ((amountOf(sizeLimit) ?? 0) < 0) check.tell(`${at}/sizeLimit`, 'may not be negative')
}

/** Which keys become which files. */
function checkItems(source: Loose, at: string, check: Checks): void {
  for (const [item, where] of each(source['items'], `${at}/items`)) {
    check.name(item, 'key', where, keyOfMap, 'required')
    check.name(item, 'path', where, pathOfFile, 'required')
    check.within(item, 'mode', where, 0, modeMax)
  }
}

function pathOfFile(path: string): string | undefined {
  return pathInside(path) ?? (path.startsWith('..') ? 'may not begin with ..' : undefined)
}

function checkDownward(source: Loose, at: string, check: Checks): void {
  check.within(source, 'defaultMode', at, 0, modeMax)
  for (const [item, where] of each(source['items'], `${at}/items`)) {
    check.name(item, 'path', where, pathOfFile, 'required')
    check.within(item, 'mode', where, 0, modeMax)
    const kind = check.exactlyOne(item, ['fieldRef', 'resourceFieldRef'], where)
    const of = kind === undefined ? {} : (item[kind] as Loose)
    const path = of['fieldPath']
    if (kind === 'fieldRef') check.oneOf(of, 'apiVersion', `${where}/fieldRef`, ['v1'])
    const isField =
      typeof path === 'string' &&
      /^metadata\.(name|namespace|uid|labels|annotations|labels\['[^']+'\]|annotations\['[^']+'\])$/.test(path)
    if (kind === 'fieldRef' && !isField)
      check.tell(`${where}/fieldRef`, `has the fieldPath ${quoted(path)}, which is no field for a file`)
    if (kind === 'resourceFieldRef') {
      check.required(of, 'containerName', `${where}/resourceFieldRef`)
      checkResourceField(of, `${where}/resourceFieldRef`, check)
    }
  }
}

function checkProjected(projected: Loose, at: string, check: Checks): void {
  check.within(projected, 'defaultMode', at, 0, modeMax)
  const kinds = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate']
  const paths = new Set<string>()
  for (const [source, where] of each(projected['sources'], `${at}/sources`)) {
    const kind = check.exactlyOne(source, kinds, where)
    if (kind === undefined) continue
    const of = source[kind] as Loose
    const place = `${where}/${kind}`
    if (kind === 'secret' || kind === 'configMap') {
      checkReference(of, 'name', place, check)
      checkItems(of, place, check)
    } else if (kind === 'downwardAPI') checkDownward(of, place, check)
    else if (kind === 'serviceAccountToken') {
      check.name(of, 'path', place, pathOfFile, 'required')
      check.within(of, 'expirationSeconds', place, 600, 2 ** 32)
      continue
    }
    // The server compares no more than these.
    for (const [item, itemPlace] of each(of['items'], `${place}/items`))
      if (!isAbsent(item['path'])) check.unique(paths, item['path'], `${itemPlace}/path`)
  }
}
