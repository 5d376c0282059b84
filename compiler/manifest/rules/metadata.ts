import { each, isObject, type Loose } from '../finding.ts'
import type { Checks } from './check.ts'
import { dnsLabel, dnsSubdomain, labelValue, type NameCheck, qualifiedName } from './names.ts'

const annotationBytesMax = 256 * 1024

/** What the server asks of the metadata of anything. @param core a kind of the server's own, whose finalizers it holds to more */
export function checkMetadata(object: Loose, pointer: string, check: Checks, name: NameCheck, core = true): void {
  const metadata = object['metadata']
  if (!isObject(metadata)) return
  const at = `${pointer}/metadata`
  check.name(metadata, 'name', at, name)
  check.name(metadata, 'namespace', at, dnsLabel)
  check.labels(metadata, 'labels', at, qualifiedName, labelValue)
  check.labels(metadata, 'annotations', at, (key) => qualifiedName(key.toLowerCase()), undefined)
  const { annotations, finalizers } = metadata
  if (isObject(annotations)) {
    let bytes = 0
    for (const key of Object.keys(annotations)) bytes += key.length + String(annotations[key]).length
    if (bytes > annotationBytesMax) check.tell(`${at}/annotations`, `hold more than ${annotationBytesMax} bytes`)
  }
  if (Array.isArray(finalizers))
    finalizers.forEach((one, index) => {
      const wrong = typeof one === 'string' ? qualifiedName(one) : undefined
      if (wrong !== undefined) check.tell(`${at}/finalizers/${index}`, wrong)
      else if (core && typeof one === 'string' && !one.includes('/') && !['orphan', 'foregroundDeletion'].includes(one))
        check.tell(`${at}/finalizers/${index}`, 'must have a DNS name and a slash before it')
    })
  for (const [owner, where] of each(metadata['ownerReferences'], `${at}/ownerReferences`))
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) check.required(owner, field, where)
}

/** A reference to an object of the same namespace. */
export function checkReference(of: Loose, field: string, pointer: string, check: Checks): void {
  check.name(of, field, pointer, dnsSubdomain, 'required')
}
