import { each, isObject, type Loose, quoted } from '../finding.ts'
import type { Checks } from './check.ts'
import { checkMetadata } from './metadata.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts'
import { checkPodTemplate } from './pod.ts'

const parallelismMax = 100_000
const rulesMax = 20
const exitCodesMax = 255

/**
 * What the API server asks of a new Job beside its schema.
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/batch/validation/validation.go
 */
export function checkJob(job: Loose, check: Checks): void {
  // The server makes a label of the name, which may have 63 characters.
  checkMetadata(job, '', check, (name) => dnsSubdomain(name) ?? labelValue(name))
  const spec = job['spec']
  if (!isObject(spec)) return check.tell('', 'lacks spec')
  const at = '/spec'
  for (const field of ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds'])
    check.within(spec, field, at, 0)
  for (const field of ['ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'])
    check.within(spec, field, at, 0)
  check.oneOf(spec, 'completionMode', at, ['NonIndexed', 'Indexed'])
  check.oneOf(spec, 'podReplacementPolicy', at, ['TerminatingOrFailed', 'Failed'])
  check.name(spec, 'managedBy', at, domainPath, 'exact')
  if (spec['completionMode'] === 'Indexed') checkIndexed(job, spec, check)
  else
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'])
      if (spec[field] !== undefined && spec[field] !== null)
        check.tell(`${at}/${field}`, 'needs completionMode: Indexed')
  if (isObject(spec['selector']) && spec['manualSelector'] !== true)
    check.tell(`${at}/selector`, 'is made by the server; leave it out')
  if (spec['manualSelector'] === true && !isObject(spec['selector']))
    check.tell(`${at}/manualSelector`, 'needs a selector')
  checkPodTemplate(spec['template'], `${at}/template`, check)
  checkRestart(spec, check)
  checkFailurePolicy(spec, check)
}

function domainPath(name: string): string | undefined {
  const [domain = '', ...path] = name.split('/')
  if (path.join('/') !== '' && domain !== '') return dnsSubdomain(domain)
  return 'must be a DNS name, a slash and a path'
}

function checkIndexed(job: Loose, spec: Loose, check: Checks): void {
  const { completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec
  if (typeof completions !== 'number' && typeof parallelism !== 'number') return
  if (typeof completions !== 'number')
    return check.tell('/spec', 'lacks completions, which completionMode: Indexed needs')
  if (typeof parallelism === 'number' && parallelism > parallelismMax)
    check.tell('/spec/parallelism', `is ${parallelism}, and may be at most ${parallelismMax}`)
  if (typeof maxFailedIndexes === 'number') {
    if (typeof backoffLimitPerIndex !== 'number') check.tell('/spec/maxFailedIndexes', 'needs backoffLimitPerIndex')
    if (maxFailedIndexes > completions) check.tell('/spec/maxFailedIndexes', 'is more than completions')
  }
  const name = isObject(job['metadata']) ? job['metadata']['name'] : undefined
  if (typeof name !== 'string' || completions < 1) return
  const host = `${name}-${completions - 1}`
  if (host.length > 63) check.tell('/metadata/name', `makes host names longer than 63 characters (${host})`)
  else if (dnsLabel(host) !== undefined) check.tell('/metadata/name', `makes the host name ${host}, which is none`)
}

function checkRestart(spec: Loose, check: Checks): void {
  const template = spec['template']
  const pod = isObject(template) ? template['spec'] : undefined
  if (!isObject(pod)) return
  const policy = pod['restartPolicy']
  if (policy !== 'Never' && policy !== 'OnFailure')
    check.tell(
      policy === undefined ? '/spec/template/spec' : '/spec/template/spec/restartPolicy',
      policy === undefined ? 'lacks restartPolicy' : `is ${quoted(policy)}`,
      'use one of: OnFailure, Never',
    )
  else if (isObject(spec['podFailurePolicy']) && policy !== 'Never')
    check.tell('/spec/template/spec/restartPolicy', 'must be Never where there is a podFailurePolicy')
}

function checkFailurePolicy(spec: Loose, check: Checks): void {
  const policy = spec['podFailurePolicy']
  if (!isObject(policy)) return
  const at = '/spec/podFailurePolicy/rules'
  if (spec['podReplacementPolicy'] === 'TerminatingOrFailed')
    check.tell('/spec/podReplacementPolicy', 'must be Failed where there is a podFailurePolicy')
  const rules = each(policy['rules'], at)
  if (rules.length > rulesMax) check.tell(at, `has ${rules.length} entries, and may have at most ${rulesMax}`)
  const containers = containerNames(spec)
  for (const [rule, where] of rules) {
    check.required(rule, 'action', where)
    check.oneOf(rule, 'action', where, ['FailIndex', 'FailJob', 'Ignore', 'Count'])
    if (rule['action'] === 'FailIndex' && typeof spec['backoffLimitPerIndex'] !== 'number')
      check.tell(`${where}/action`, 'FailIndex needs backoffLimitPerIndex')
    const conditions = each(rule['onPodConditions'], `${where}/onPodConditions`)
    const codes = rule['onExitCodes']
    if (conditions.length > 0 && isObject(codes)) check.tell(where, 'may have only one of onExitCodes, onPodConditions')
    if (conditions.length === 0 && !isObject(codes)) check.tell(where, 'must have one of onExitCodes, onPodConditions')
    if (conditions.length > rulesMax) check.tell(`${where}/onPodConditions`, `has more than ${rulesMax} entries`)
    for (const [condition, place] of conditions) {
      check.name(condition, 'type', place, qualifiedName, 'required')
      check.oneOf(condition, 'status', place, ['True', 'False', 'Unknown'])
    }
    if (isObject(codes)) checkExitCodes(codes, `${where}/onExitCodes`, containers, check)
  }
}

function checkExitCodes(codes: Loose, at: string, containers: ReadonlySet<unknown>, check: Checks): void {
  check.required(codes, 'operator', at)
  check.oneOf(codes, 'operator', at, ['In', 'NotIn'])
  const name = codes['containerName']
  if (typeof name === 'string' && !containers.has(name))
    check.tell(`${at}/containerName`, `is ${quoted(name)}, and no container has this name`)
  const values = Array.isArray(codes['values']) ? (codes['values'] as readonly unknown[]) : []
  if (values.length === 0) check.tell(at, 'lacks values')
  if (values.length > exitCodesMax) check.tell(`${at}/values`, `may have at most ${exitCodesMax} entries`)
  values.forEach((value, index) => {
    const before = values[index - 1]
    if (value === 0 && codes['operator'] === 'In') check.tell(`${at}/values/${index}`, 'may not be 0 with In')
    if (typeof value === 'number' && typeof before === 'number' && value <= before)
      check.tell(`${at}/values/${index}`, 'is not more than the one before it: they must be ordered, each once')
  })
}

function containerNames(spec: Loose): ReadonlySet<unknown> {
  const template = spec['template']
  const pod = isObject(template) && isObject(template['spec']) ? template['spec'] : {}
  return new Set(
    [...each(pod['containers'], ''), ...each(pod['initContainers'], '')].map(([container]) => container['name']),
  )
}
