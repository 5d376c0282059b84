import { each, isObject, type Loose, quoted } from '../finding.ts'
import type { Checks } from './check.ts'
import { pathInside } from './names.ts'

const idMax = 2 ** 31 - 1
const sysctlMax = 253
const profiles = ['seccompProfile', 'appArmorProfile'] as const
const profileTypes = ['RuntimeDefault', 'Localhost', 'Unconfined'] as const

export function checkPodSecurity(pod: Loose, at: string, check: Checks): void {
  if (pod['shareProcessNamespace'] === true && pod['hostPID'] === true)
    check.tell(`${at}/shareProcessNamespace`, 'may not be true beside hostPID')
  const context = pod['securityContext']
  if (!isObject(context)) return
  const where = `${at}/securityContext`
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup']) check.within(context, field, where, 0, idMax)
  check.oneOf(context, 'fsGroupChangePolicy', where, ['Always', 'OnRootMismatch'], 'exact')
  check.oneOf(context, 'supplementalGroupsPolicy', where, ['Merge', 'Strict'], 'exact')
  check.oneOf(context, 'seLinuxChangePolicy', where, ['Recursive', 'MountOption'], 'exact')
  if (Array.isArray(context['supplementalGroups']))
    context['supplementalGroups'].forEach((group: unknown, index) => {
      if (typeof group === 'number' && (group < 0 || group > idMax))
        check.tell(`${where}/supplementalGroups/${index}`, `is ${group}, and must be between 0 and ${idMax}`)
    })
  const names = new Set<string>()
  for (const [sysctl, place] of each(context['sysctls'], `${where}/sysctls`)) {
    check.required(sysctl, 'name', place)
    check.unique(names, sysctl['name'], place)
    const { name } = sysctl
    if (
      typeof name === 'string' &&
      name !== '' &&
      !(name.length <= sysctlMax && /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name))
    )
      check.tell(`${place}/name`, `is ${quoted(name)}, which is no name of a kernel parameter`)
  }
  checkProfiles(context, where, check)
}

/** @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go ValidateSecurityContext */
export function checkContainerSecurity(container: Loose, at: string, pod: Loose, check: Checks): void {
  const context = container['securityContext']
  if (!isObject(context)) return
  const where = `${at}/securityContext`
  for (const field of ['runAsUser', 'runAsGroup']) check.within(context, field, where, 0, idMax)
  check.oneOf(context, 'procMount', where, ['Default', 'Unmasked'], 'exact')
  if (context['procMount'] === 'Unmasked' && pod['hostUsers'] !== false)
    check.tell(`${where}/procMount`, 'Unmasked needs hostUsers: false')
  const { capabilities } = context
  const added = isObject(capabilities) && Array.isArray(capabilities['add']) ? (capabilities['add'] as unknown[]) : []
  if (context['allowPrivilegeEscalation'] === false) {
    if (context['privileged'] === true)
      check.tell(where, 'may not be privileged where allowPrivilegeEscalation is false')
    if (added.includes('CAP_SYS_ADMIN'))
      check.tell(where, 'may not add CAP_SYS_ADMIN where allowPrivilegeEscalation is false')
  }
  checkProfiles(context, where, check)
}

/** Profiles of seccomp and AppArmor, of a pod or a container. */
function checkProfiles(context: Loose, at: string, check: Checks): void {
  for (const field of profiles) {
    const profile = context[field]
    if (!isObject(profile)) continue
    const where = `${at}/${field}`
    check.required(profile, 'type', where)
    check.oneOf(profile, 'type', where, profileTypes)
    const isLocal = profile['type'] === 'Localhost'
    const path = profile['localhostProfile'] ?? undefined
    if (!isLocal) {
      if (path !== undefined) check.tell(`${where}/localhostProfile`, 'needs type: Localhost')
      continue
    }
    check.required(profile, 'localhostProfile', where)
    if (field === 'seccompProfile') check.name(profile, 'localhostProfile', where, pathInside)
    else if (typeof path === 'string' && path !== path.trim())
      check.tell(`${where}/localhostProfile`, `is ${quoted(path)}, and may not begin or end with a space`)
  }
}
