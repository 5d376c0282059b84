import { each, isObject, type Loose, quoted } from '../finding.ts'
import { type Checks, isAbsent } from './check.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

/** Tolerations, affinities and spreading of a pod. */
export function checkScheduling(pod: Loose, at: string, check: Checks): void {
  for (const [toleration, where] of each(pod['tolerations'], `${at}/tolerations`))
    checkToleration(toleration, where, check)
  const affinity = isObject(pod['affinity']) ? pod['affinity'] : {}
  const { nodeAffinity } = affinity
  if (isObject(nodeAffinity)) checkNodeAffinity(nodeAffinity, `${at}/affinity/nodeAffinity`, check)
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[kind]
    if (isObject(terms)) checkPodAffinity(terms, `${at}/affinity/${kind}`, check)
  }
  const seen = new Set<string>()
  for (const [spread, where] of each(pod['topologySpreadConstraints'], `${at}/topologySpreadConstraints`)) {
    check.within(spread, 'maxSkew', where, 1)
    if (typeof spread['maxSkew'] !== 'number') check.tell(where, 'lacks maxSkew')
    check.name(spread, 'topologyKey', where, qualifiedName, 'required')
    check.required(spread, 'whenUnsatisfiable', where)
    check.oneOf(spread, 'whenUnsatisfiable', where, ['DoNotSchedule', 'ScheduleAnyway'])
    check.oneOf(spread, 'nodeAffinityPolicy', where, ['Honor', 'Ignore'], 'exact')
    check.oneOf(spread, 'nodeTaintsPolicy', where, ['Honor', 'Ignore'], 'exact')
    check.within(spread, 'minDomains', where, 1)
    if (typeof spread['minDomains'] === 'number' && spread['whenUnsatisfiable'] !== 'DoNotSchedule')
      check.tell(`${where}/minDomains`, 'needs whenUnsatisfiable: DoNotSchedule')
    check.unique(seen, [spread['topologyKey'], spread['whenUnsatisfiable']], where)
    checkSelector(spread['labelSelector'], `${where}/labelSelector`, check)
    checkLabelKeys(spread, where, check)
  }
}

function checkToleration(toleration: Loose, at: string, check: Checks): void {
  const { key, operator, value, effect } = toleration
  check.name(toleration, 'key', at, qualifiedName)
  check.oneOf(toleration, 'operator', at, ['Equal', 'Exists'])
  check.oneOf(toleration, 'effect', at, effects)
  if (isAbsent(key) && operator !== 'Exists') check.tell(at, 'lacks key', 'only operator: Exists tolerates every key')
  if (operator === 'Exists' && !isAbsent(value)) check.tell(`${at}/value`, 'may not stand beside operator: Exists')
  if (operator !== 'Exists') check.name(toleration, 'value', at, labelValue)
  if (typeof toleration['tolerationSeconds'] === 'number' && effect !== 'NoExecute')
    check.tell(`${at}/tolerationSeconds`, 'needs effect: NoExecute')
}

function checkNodeAffinity(affinity: Loose, at: string, check: Checks): void {
  const required = affinity['requiredDuringSchedulingIgnoredDuringExecution']
  if (isObject(required)) {
    const where = `${at}/requiredDuringSchedulingIgnoredDuringExecution`
    check.required(required, 'nodeSelectorTerms', where)
    for (const [term, place] of each(required['nodeSelectorTerms'], `${where}/nodeSelectorTerms`))
      checkTerm(term, place, check)
  }
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  for (const [one, where] of each(affinity[preferred], `${at}/${preferred}`)) {
    checkWeight(one, where, check)
    if (isObject(one['preference'])) checkTerm(one['preference'], `${where}/preference`, check)
    else check.tell(where, 'lacks preference')
  }
}

function checkWeight(one: Loose, at: string, check: Checks): void {
  if (typeof one['weight'] !== 'number') check.tell(at, 'lacks weight')
  check.within(one, 'weight', at, 1, 100)
}

function checkTerm(term: Loose, at: string, check: Checks): void {
  for (const [one, where] of each(term['matchExpressions'], `${at}/matchExpressions`)) {
    check.name(one, 'key', where, qualifiedName, 'required')
    checkOperator(one, where, ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'], check)
    check.names(one, 'values', where, labelValue)
    const { operator, values } = one
    const list = Array.isArray(values) ? (values as readonly unknown[]) : []
    if ((operator === 'Gt' || operator === 'Lt') && (list.length !== 1 || !/^-?\d+$/.test(String(list[0]))))
      check.tell(where, `must have one whole number in values for ${operator}`)
  }
  for (const [one, where] of each(term['matchFields'], `${at}/matchFields`)) {
    check.oneOf(one, 'key', where, ['metadata.name'], 'exact')
    check.oneOf(one, 'operator', where, ['In', 'NotIn'], 'exact')
    check.names(one, 'values', where, (name) => (name === '' ? 'may not be empty' : dnsSubdomain(name)))
    if (!Array.isArray(one['values']) || one['values'].length !== 1) check.tell(where, 'must have one value')
  }
}

function checkOperator(one: Loose, at: string, operators: readonly string[], check: Checks): void {
  const { operator, values } = one
  const count = Array.isArray(values) ? values.length : 0
  check.required(one, 'operator', at)
  check.oneOf(one, 'operator', at, operators)
  if ((operator === 'In' || operator === 'NotIn') && count === 0)
    check.tell(at, `lacks values, which ${operator} needs`)
  if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0)
    check.tell(`${at}/values`, `may not stand beside ${operator}`)
}

function checkPodAffinity(affinity: Loose, at: string, check: Checks): void {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  for (const [term, where] of each(affinity[required], `${at}/${required}`)) checkPodTerm(term, where, check)
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  for (const [one, where] of each(affinity[preferred], `${at}/${preferred}`)) {
    checkWeight(one, where, check)
    if (isObject(one['podAffinityTerm'])) checkPodTerm(one['podAffinityTerm'], `${where}/podAffinityTerm`, check)
    else check.tell(where, 'lacks podAffinityTerm')
  }
}

function checkPodTerm(term: Loose, at: string, check: Checks): void {
  check.name(term, 'topologyKey', at, qualifiedName, 'required')
  for (const field of ['labelSelector', 'namespaceSelector']) checkSelector(term[field], `${at}/${field}`, check)
  check.names(term, 'namespaces', at, dnsLabel)
  checkLabelKeys(term, at, check)
}

/** Keys whose values are taken from the pod: they add to the selector, so they need one and may not be in it. */
function checkLabelKeys(of: Loose, at: string, check: Checks): void {
  const selector = of['labelSelector']
  const other = new Set(listOf(of['mismatchLabelKeys']))
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = listOf(of[field])
    if (keys.length > 0 && !isObject(selector)) check.tell(`${at}/${field}`, 'needs a labelSelector')
    check.names(of, field, at, qualifiedName)
    if (field === 'mismatchLabelKeys') continue
    const selected = isObject(selector) ? keysOf(selector) : new Set()
    keys.forEach((key, index) => {
      if (selected.has(key))
        check.tell(`${at}/${field}/${index}`, `is ${quoted(key)}, which is in the labelSelector too`)
      if (other.has(key)) check.tell(`${at}/${field}/${index}`, `is ${quoted(key)}, which is in mismatchLabelKeys too`)
    })
  }
}

function keysOf(selector: Loose): ReadonlySet<unknown> {
  const labels = isObject(selector['matchLabels']) ? Object.keys(selector['matchLabels']) : []
  return new Set([...labels, ...each(selector['matchExpressions'], '').map(([{ key }]) => key)])
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

export function checkSelector(selector: unknown, at: string, check: Checks): void {
  if (!isObject(selector)) return
  check.labels(selector, 'matchLabels', at, qualifiedName, labelValue)
  for (const [one, where] of each(selector['matchExpressions'], `${at}/matchExpressions`)) {
    check.name(one, 'key', where, qualifiedName, 'required')
    checkOperator(one, where, ['In', 'NotIn', 'Exists', 'DoesNotExist'], check)
    check.names(one, 'values', where, labelValue)
  }
}
