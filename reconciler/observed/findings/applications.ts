import type { ForeignApplication } from '../cluster.ts'
import type { Finding } from '../document.ts'
import type { DeployFiles } from '../files.ts'
import type { Links } from '../links/links.ts'
import { withoutObjects } from '../messages.ts'

/** What Argo CD could not do, whatever its health says. */
export function applicationFindings(applications: readonly ForeignApplication[], links: Links): readonly Finding[] {
  return applications.flatMap((application) => {
    if (!application.seen.syncFailed) return []
    const file = links.placeOf(application)
    const health = application.health === '' ? '' : `, although its health says ${application.health}`
    const again = application.automated
      ? 'mend what the message names and push it: a commit that Argo CD has given up is not tried again'
      : `mend what the message names, then: argocd app sync ${application.name}`
    return [
      {
        severity: 'error',
        code: 'SYNC_FAILED',
        about: `Application ${application.name}`,
        place: file && { path: file.path, line: file.line },
        message: `Argo CD cannot apply it${health}: ${withoutObjects(application.seen.message)}`,
        remedy: again,
      },
    ]
  })
}

export function fileFindings(files: DeployFiles | null): readonly Finding[] {
  return (files?.unreadable ?? []).map(({ path, line, message }) => ({
    severity: 'note',
    code: 'MANIFEST_UNREADABLE',
    about: `File ${path}`,
    place: { path, line },
    message: `it was not read: ${message}`,
    remedy: 'none is needed where Argo CD reads it; what it declares is missing here',
  }))
}
