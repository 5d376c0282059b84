import { each, isObject, type Loose, quoted } from '../finding.ts'
import type { Checks } from './check.ts'
import { dnsSubdomain } from './names.ts'

/*
 * Pods of Windows, and what they and others may not say.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go validateWindows
 */

const ofPod: readonly string[] = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'resources']
const ofPodContext: readonly string[] = [
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser'],
  ...['runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'],
]
const ofContainerContext: readonly string[] = [
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
  ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
]
const credentialsMax = 64 * 1024
const [userMax, domainMax] = [104, 255]

export function checkSystem(pod: Loose, at: string, check: Checks): void {
  const { os } = pod
  const system = isObject(os) ? os['name'] : undefined
  const contexts: readonly (readonly [Loose, string, readonly string[]])[] = [
    ...contextOf(pod, at, ofPodContext),
    ...containersOf(pod, at).flatMap(([container, where]) => contextOf(container, where, ofContainerContext)),
  ]
  if (system === 'windows') for (const field of ofPod) forbid(pod, field, at, check)
  for (const [context, where, fields] of contexts) {
    if (system === 'windows') for (const field of fields) forbid(context, field, where, check)
    const options = context['windowsOptions']
    if (!isObject(options)) continue
    if (system === 'linux') check.tell(`${where}/windowsOptions`, 'may not be set for a pod of Linux')
    checkOptions(options, `${where}/windowsOptions`, check)
  }
  checkHostProcess(pod, at, check)
}

function forbid(of: Loose, field: string, at: string, check: Checks): void {
  const value = of[field]
  const isUnset = value === undefined || value === null
  // What is false by default cannot be told from what is not written.
  if (isUnset || (value === false && (field === 'hostPID' || field === 'hostIPC'))) return
  if (field === 'sysctls' && Array.isArray(value) && value.length === 0) return
  check.tell(`${at}/${field}`, 'may not be set for a pod of Windows')
}

function checkOptions(options: Loose, at: string, check: Checks): void {
  check.name(options, 'gmsaCredentialSpecName', at, dnsSubdomain, 'exact')
  check.name(options, 'gmsaCredentialSpec', at, credentials, 'exact')
  check.name(options, 'runAsUserName', at, userName, 'exact')
}

function credentials(text: string): string | undefined {
  if (text === '') return 'may not be empty'
  return text.length > credentialsMax ? `may have at most ${credentialsMax} characters` : undefined
}

function userName(text: string): string | undefined {
  const parts = text.split('\\')
  const [user = '', domain] = [...parts].reverse()
  if (text === '' || user === '') return 'may not be empty'
  if (/[\p{Cc}]/u.test(text)) return 'may hold no control characters'
  if (parts.length > 2) return 'may hold one backslash'
  if (
    domain !== undefined &&
    (domain.length > domainMax || !/^([^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}|[A-Za-z0-9.-]+)$/.test(domain))
  )
    return 'must have a domain of Windows before its backslash'
  if (user.length > userMax) return `may have at most ${userMax} characters`
  if (/^[. ]+$/.test(user)) return 'may not be of dots and spaces alone'
  return /["/\\:;|=,+*?<>@[\]]/.test(user) ? 'may hold none of "/\\:;|=,+*?<>@[]' : undefined
}

/** All containers of a pod are processes of the host, or none. */
function checkHostProcess(pod: Loose, at: string, check: Checks): void {
  const all = containersOf(pod, at)
  const ofPods = hostProcess(pod)
  const own = all.map(([container]) => hostProcess(container))
  own.forEach((value, index) => {
    if (typeof value === 'boolean' && typeof ofPods === 'boolean' && value !== ofPods)
      check.tell(
        `${all[index]?.[1] ?? at}/securityContext/windowsOptions/hostProcess`,
        `is ${quoted(value)}, and the pod says ${quoted(ofPods)}`,
      )
  })
  const count = own.filter((value) => (value ?? ofPods) === true).length
  if (count === 0) return
  if (count < all.length) check.tell(at, 'must have hostProcess in all of its containers, or in none')
  if (pod['hostNetwork'] !== true) check.tell(at, 'lacks hostNetwork: true, which hostProcess needs')
}

function hostProcess(of: Loose): unknown {
  const context = of['securityContext']
  const options = isObject(context) ? context['windowsOptions'] : undefined
  return isObject(options) ? (options['hostProcess'] ?? undefined) : undefined
}

function contextOf(
  of: Loose,
  at: string,
  fields: readonly string[],
): readonly (readonly [Loose, string, readonly string[]])[] {
  const context = of['securityContext']
  return isObject(context) ? [[context, `${at}/securityContext`, fields]] : []
}

function containersOf(pod: Loose, at: string): readonly (readonly [Loose, string])[] {
  return [...each(pod['initContainers'], `${at}/initContainers`), ...each(pod['containers'], `${at}/containers`)]
}
