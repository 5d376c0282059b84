import { isObject, type Loose, quoted } from '../../finding.ts'
import { type Checks, isAbsent } from '../check.ts'
import { checkReference } from '../metadata.ts'
import { dnsLabel, dnsSubdomain, pathInside } from '../names.ts'

/*
 * Volumes of storage systems. Most of them have no driver in today's Kubernetes any more, and its server still checks them.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go validateVolumeSource
 */

const byteMax = 255
const nameOfDriverMax = 63
const tenantMax = 64
/** https://datatracker.ietf.org/doc/html/rfc3721#section-1.1 as the server checks it. */
const initiator =
  /^(iqn\.\d{4}-\d{2}\.([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:[^,;*&$|\s]+)?|eui\.[A-Fa-f0-9]{16}|naa\.[A-Fa-f0-9]{32})$/

/** @param source of a kind that has rules of its own; of another nothing is asked */
export function checkDriver(kind: string, source: Loose, at: string, check: Checks): void {
  const rules = Object.hasOwn(drivers, kind) ? drivers[kind] : undefined
  rules?.(source, at, check)
}

const drivers: Readonly<Record<string, (source: Loose, at: string, check: Checks) => void>> = {
  csi: (source, at, check) => {
    const { driver } = source
    if (typeof driver === 'string' && driver.length > nameOfDriverMax)
      check.tell(`${at}/driver`, `has ${driver.length} characters, and may have at most ${nameOfDriverMax}`)
    check.name(source, 'driver', at, (name) => dnsSubdomain(name.toLowerCase()))
    if (isObject(source['nodePublishSecretRef']))
      checkReference(source['nodePublishSecretRef'], 'name', `${at}/nodePublishSecretRef`, check)
  },
  fc: (source, at, check) => {
    const [targets, ids] = [entriesOf(source, 'targetWWNs'), entriesOf(source, 'wwids')]
    if ((targets === 0) === (ids === 0)) check.tell(at, 'must have one of targetWWNs, wwids')
    if (targets === 0) return
    check.required(source, 'lun', at)
    check.within(source, 'lun', at, 0, byteMax)
  },
  iscsi: (source, at, check) => {
    check.within(source, 'lun', at, 0, byteMax)
    for (const field of ['iqn', 'initiatorName']) check.name(source, field, at, nameOfInitiator, exactly(field))
    const isGuarded = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true
    if (isGuarded && !isObject(source['secretRef'])) check.tell(at, 'lacks secretRef, which CHAP needs')
  },
  awsElasticBlockStore: (source, at, check) => check.within(source, 'partition', at, 0, byteMax),
  gcePersistentDisk: (source, at, check) => check.within(source, 'partition', at, 0, byteMax),
  azureDisk: (source, at, check) => {
    check.oneOf(source, 'cachingMode', at, ['None', 'ReadOnly', 'ReadWrite'], 'exact')
    check.oneOf(source, 'kind', at, ['Shared', 'Dedicated', 'Managed'], 'exact')
    const { diskURI, kind = 'Shared' } = source
    const begin = kind === 'Managed' ? '/subscriptions/' : 'https://'
    if (typeof diskURI === 'string' && diskURI !== '' && !diskURI.startsWith(begin))
      check.tell(`${at}/diskURI`, `is ${quoted(diskURI)}, and must begin with ${begin}`)
  },
  cinder: checkSecret,
  storageos: (source, at, check) => {
    check.name(source, 'volumeName', at, dnsLabel)
    check.name(source, 'volumeNamespace', at, dnsLabel)
    checkSecret(source, at, check)
  },
  flocker: (source, at, check) => {
    const { datasetName } = source
    if (isAbsent(datasetName) === isAbsent(source['datasetUUID']))
      check.tell(at, 'must have one of datasetName, datasetUUID')
    if (typeof datasetName === 'string' && datasetName.includes('/'))
      check.tell(`${at}/datasetName`, 'may hold no slash')
  },
  flexVolume: (source, at, check) =>
    check.labels(source, 'options', at, (key) => (reserved.test(key) ? 'is reserved' : undefined), undefined),
  gitRepo: (source, at, check) => check.name(source, 'directory', at, pathInside),
  quobyte: (source, at, check) => {
    const { registry, tenant } = source
    if (
      typeof registry === 'string' &&
      !registry.split(',').every((one) => /^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(one))
    )
      check.tell(`${at}/registry`, `is ${quoted(registry)}, and must be host:port, or several with commas between them`)
    if (typeof tenant === 'string' && tenant.length > tenantMax)
      check.tell(`${at}/tenant`, `has ${tenant.length} characters, and may have at most ${tenantMax}`)
  },
}

const reserved = /^([^/]*\.)?(kubernetes|k8s)\.io\//

function exactly(field: string): 'exact' | undefined {
  return field === 'initiatorName' ? 'exact' : undefined
}

function nameOfInitiator(name: string): string | undefined {
  return initiator.test(name) ? undefined : 'must be a name such as iqn.2001-04.com.example:storage.disk1'
}

function checkSecret(source: Loose, at: string, check: Checks): void {
  if (isObject(source['secretRef'])) check.required(source['secretRef'], 'name', `${at}/secretRef`)
}

function entriesOf(source: Loose, field: string): number {
  const list = source[field]
  return Array.isArray(list) ? list.length : 0
}
