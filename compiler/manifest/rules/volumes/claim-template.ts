import { each, isObject, type Loose, quoted } from '../../finding.ts'
import { amountOf } from '../../formats.ts'
import type { Checks } from '../check.ts'
import { dnsSubdomain, labelValue, qualifiedName } from '../names.ts'
import { checkSelector } from '../scheduling.ts'

const accessModes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'] as const
/** All that may be said of the metadata of a claim that is made for a pod: its name is the pod's. */
const metadataFields: readonly string[] = ['labels', 'annotations', 'creationTimestamp']

/**
 * The claim that is made for each pod of an ephemeral volume.
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimTemplate
 */
export function checkClaimTemplate(source: Loose, at: string, check: Checks): void {
  const template = source['volumeClaimTemplate']
  if (!isObject(template)) return check.tell(at, 'lacks volumeClaimTemplate')
  const where = `${at}/volumeClaimTemplate`
  const { metadata, spec } = template
  if (isObject(metadata)) {
    check.labels(metadata, 'labels', `${where}/metadata`, qualifiedName, labelValue)
    check.labels(metadata, 'annotations', `${where}/metadata`, (key) => qualifiedName(key.toLowerCase()), undefined)
    for (const [field, value] of Object.entries(metadata))
      if (!metadataFields.includes(field) && value !== null && value !== '')
        check.tell(`${where}/metadata/${field}`, 'may not be set: the claim is called after its pod')
  }
  checkClaim(isObject(spec) ? spec : {}, `${where}/spec`, check)
}

function checkClaim(spec: Loose, at: string, check: Checks): void {
  check.required(spec, 'accessModes', at)
  const modes = Array.isArray(spec['accessModes']) ? (spec['accessModes'] as readonly unknown[]) : []
  modes.forEach((mode, index) => {
    if (!(accessModes as readonly unknown[]).includes(mode))
      check.tell(`${at}/accessModes/${index}`, `is ${quoted(mode)}`, `use one of: ${accessModes.join(', ')}`)
  })
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'))
    check.tell(`${at}/accessModes`, 'may hold nothing beside ReadWriteOncePod')
  checkSelector(spec['selector'], `${at}/selector`, check)
  const { resources } = spec
  const requests = isObject(resources) && isObject(resources['requests']) ? resources['requests'] : {}
  const storage = amountOf(requests['storage'])
  if (storage === undefined) check.tell(at, 'lacks resources.requests.storage')
  else if (storage <= 0) check.tell(`${at}/resources/requests/storage`, 'must be more than 0')
  for (const field of ['storageClassName', 'volumeAttributesClassName']) check.name(spec, field, at, dnsSubdomain)
  check.oneOf(spec, 'volumeMode', at, ['Filesystem', 'Block'], 'exact')
  for (const [field, sources] of [
    ['dataSource', [spec['dataSource']]] as const,
    ['dataSourceRef', [spec['dataSourceRef']]] as const,
  ])
    for (const [source] of each(sources, ''))
      for (const part of ['kind', 'name']) check.required(source, part, `${at}/${field}`)
}
