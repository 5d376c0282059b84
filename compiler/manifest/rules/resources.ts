import { escapePointer } from '../../load/walk.ts'
import { each, isObject, type Loose, quoted } from '../finding.ts'
import { amountOf } from '../formats.ts'
import type { Checks } from './check.ts'
import { dnsLabel, qualifiedName } from './names.ts'

/*
 * What containers and pods ask for: `resources`, and what of them a variable or a file can tell.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go validateResourceRequirements
 */

const native = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/
const ofPods = /^(cpu|memory|hugepages-.+)$/
const hugePages = 'hugepages-'
/** How the server calls a quota of an extended resource, whose name must be one too. */
const quotaPrefix = 'requests.'

/** Takes or refuses the name of a resource. */
type Nameable = (name: string) => string | undefined

const ofContainer: Nameable = (name) => {
  if (!name.includes('/')) return native.test(name) ? undefined : `is for ${quoted(name)}, which no container has`
  if (!isExtended(name)) return undefined
  if (name.startsWith(quotaPrefix)) return `is for ${quoted(name)}, which may not begin with ${quotaPrefix}`
  return qualifiedName(quotaPrefix + name) === undefined ? undefined : `is for ${quoted(name)}, which is too long`
}

const ofPod: Nameable = (name) =>
  ofPods.test(name) ? undefined : `is for ${quoted(name)}, and a pod as a whole has cpu, memory and hugepages alone`

export function checkResources(container: Loose, at: string, pod: Loose, check: Checks): void {
  const resources = container['resources']
  if (!isObject(resources)) return
  const where = `${at}/resources`
  checkRequirements(resources, where, ofContainer, check)
  checkClaims(resources, where, pod, check)
}

/** What a pod asks for as a whole: not less than its containers, and no container more than it. */
export function checkPodResources(pod: Loose, at: string, check: Checks): void {
  // The server checks an overhead as limits of a container.
  if (isObject(pod['overhead'])) checkRequirements({ limits: pod['overhead'] }, at, ofContainer, check, '/overhead')
  const resources = pod['resources']
  if (!isObject(resources)) return
  const where = `${at}/resources`
  checkRequirements(resources, where, ofPod, check)
  if (Array.isArray(resources['claims'])) check.tell(`${where}/claims`, 'may not be set for a pod as a whole')
  const [limits, requests] = [mapOf(resources, 'limits'), mapOf(resources, 'requests')]
  for (const [name, request] of Object.entries(requests)) {
    const sum = needed(pod, name, 'requests')
    const amount = amountOf(request)
    if (amount !== undefined && amount < sum)
      check.tell(`${where}/requests/${escapePointer(name)}`, 'is less than its containers request together')
  }
  for (const [name, limit] of Object.entries(limits)) {
    const amount = amountOf(limit)
    if (amount === undefined) continue
    if (name.startsWith(hugePages) && amount < needed(pod, name, 'limits'))
      check.tell(`${where}/limits/${escapePointer(name)}`, 'is less than the limits of its containers together')
    for (const [container, place] of each(pod['containers'], `${at}/containers`)) {
      const own = amountOf(mapOf(mapOf(container, 'resources'), 'limits')[name])
      if (own !== undefined && own > amount)
        check.tell(`${place}/resources/limits/${escapePointer(name)}`, 'is more than the limit of the pod as a whole')
    }
  }
}

/**
 * What the containers of a pod need of a resource at once: all of them together with the sidecars, or what an init container needs with the
 * sidecars that have started before it.
 */
function needed(pod: Loose, name: string, of: 'requests' | 'limits'): number {
  const amount = (container: Loose): number => {
    const resources = mapOf(container, 'resources')
    // Where a limit alone is written, the server takes it for the request.
    const written = mapOf(resources, of)[name] ?? (of === 'requests' ? mapOf(resources, 'limits')[name] : undefined)
    return amountOf(written) ?? 0
  }
  let sidecars = 0
  let most = 0
  for (const [container] of each(pod['initContainers'], '')) {
    const own = amount(container)
    most = Math.max(most, sidecars + own)
    if (container['restartPolicy'] === 'Always') sidecars += own
  }
  const together = each(pod['containers'], '').reduce((sum, [container]) => sum + amount(container), sidecars)
  return Math.max(most, together)
}

function checkRequirements(resources: Loose, where: string, nameable: Nameable, check: Checks, as = '/limits'): void {
  const [limits, requests] = [mapOf(resources, 'limits'), mapOf(resources, 'requests')]
  const [limited, requested] = [Object.keys(limits), Object.keys(requests)]
  for (const name of limited) checkAmount(name, limits[name], `${where}${as}`, nameable, check)
  for (const name of requested) checkAmount(name, requests[name], `${where}/requests`, nameable, check)
  for (const name of requested) {
    const unfit = unfitRequest(name, amountOf(requests[name]), amountOf(limits[name]))
    if (unfit !== undefined) check.tell(`${where}/requests/${escapePointer(name)}`, unfit)
  }
  const named = [...limited, ...requested]
  if (named.some((name) => name.startsWith(hugePages)) && !named.includes('cpu') && !named.includes('memory'))
    check.tell(where, 'has hugepages, which need cpu or memory beside them')
}

function checkClaims(resources: Loose, where: string, pod: Loose, check: Checks): void {
  const known = new Set(each(pod['resourceClaims'], '').map(([{ name }]) => name))
  const seen = new Set<string>()
  for (const [claim, place] of each(resources['claims'], `${where}/claims`)) {
    const { name, request } = claim
    if (!known.has(name)) check.tell(`${place}/name`, 'names no resourceClaim of the pod')
    check.name(claim, 'request', place, dnsLabel)
    const whole = String(name)
    const own = typeof request === 'string' && request !== '' ? `${whole}/${request}` : whole
    const isTaken =
      seen.has(whole) || seen.has(own) || (own === whole && [...seen].some((one) => one.startsWith(`${whole}/`)))
    if (isTaken) check.tell(place, `is ${quoted(own)}, which is there twice`)
    seen.add(own)
  }
}

function unfitRequest(name: string, request: number | undefined, limit: number | undefined): string | undefined {
  if (request === undefined || request === limit) return undefined
  const isWhole = isExtended(name) || name.startsWith(hugePages)
  if (limit === undefined) return isWhole ? 'needs an equal limit' : undefined
  if (request > limit) return 'is more than its limit'
  return isWhole ? 'must be equal to its limit: this resource cannot be overcommitted' : undefined
}

function isExtended(name: string): boolean {
  return name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name)
}

/** @param of the list that it stands in */
function checkAmount(name: string, value: unknown, of: string, nameable: Nameable, check: Checks): void {
  const tell = (message: string): void => check.tell(`${of}/${escapePointer(name)}`, message)
  const wrong = qualifiedName(name)
  const unfit = wrong === undefined ? nameable(name) : `has the key ${quoted(name)}, which ${wrong}`
  if (unfit !== undefined) tell(unfit)
  const amount = amountOf(value)
  if (amount === undefined) return
  if (amount < 0) tell(`is ${quoted(value)}, and may not be negative`)
  if (!Number.isInteger(amount) && isExtended(name)) tell(`is ${quoted(value)}, and must be whole`)
  if (!name.startsWith(hugePages)) return
  const page = amountOf(name.slice(hugePages.length))
  if (page === undefined) tell(`is for pages of ${quoted(name.slice(hugePages.length))}, which is no size`)
  else if (amount % page !== 0) tell(`is ${quoted(value)}, and must be a multiple of the page`)
}

const sizes = [...['1', '1k', '1M', '1G', '1T', '1P', '1E'], ...['1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']]

/** A resource of a container as a variable or a file tells it. */
export function checkResourceField(source: Loose, at: string, check: Checks): void {
  const { resource, divisor } = source
  if (typeof resource !== 'string' || resource === '') return check.tell(at, 'lacks resource')
  if (!/^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(resource))
    return check.tell(`${at}/resource`, `is ${quoted(resource)}, which is no resource of a container`)
  if ((amountOf(divisor) ?? 0) === 0) return
  const allowed = resource.endsWith('.cpu') ? ['1m', '1'] : sizes
  // The server compares the text: 1e3 is none of them.
  if (!allowed.includes(String(divisor)))
    check.tell(`${at}/divisor`, `is ${quoted(divisor)}`, `use one of: ${allowed.join(', ')}`)
}

function mapOf(of: Loose, field: string): Loose {
  const value = of[field]
  return isObject(value) ? value : {}
}
