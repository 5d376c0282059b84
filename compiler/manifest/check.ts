import { type Finding, isObject, type Loose, quoted } from './finding.ts'
import { checks } from './rules/check.ts'
import { checkJob } from './rules/job.ts'
import { checkMetadata } from './rules/metadata.ts'
import { dnsSubdomain } from './rules/names.ts'
import { checkService } from './rules/service.ts'
import { checkSchema } from './schema.ts'
import type { Definitions } from './schemas.ts'

/**
 * What the API server would refuse about an object: fields that it does not know, types, forms, and for Jobs and Services its own rules beyond
 * the schema. The rules are asked only of what fits the schema, because they take its types for granted.
 * @param definitions of one version of Kubernetes, with those of custom resources
 */
export function checkObject(object: unknown, definitions: Definitions): readonly Finding[] {
  if (!isObject(object)) return [{ pointer: '', message: 'is no mapping' }]
  const { apiVersion, kind } = object
  const root = definitions[`${String(apiVersion)}/${String(kind)}`]
  if (!root)
    return [
      { pointer: '', message: `is of the kind ${quoted(kind)} in ${quoted(apiVersion)}, whose schema is not known` },
    ]
  const misfits = checkSchema(object, root, definitions)
  if (misfits.length > 0) return misfits
  const findings: Finding[] = []
  const { metadata } = object
  if (!isObject(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '')
    findings.push({ pointer: '/metadata', message: 'lacks name' })
  rulesOf(`${String(apiVersion)}/${String(kind)}`)(object, findings)
  return findings
}

function rulesOf(kind: string): (object: Loose, findings: Finding[]) => void {
  if (kind === 'batch/v1/Job') return (object, findings) => checkJob(object, checks(findings))
  if (kind === 'v1/Service') return (object, findings) => checkService(object, checks(findings))
  return (object, findings) => checkMetadata(object, '', checks(findings), dnsSubdomain, false)
}
