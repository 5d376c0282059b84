import { compareText } from '../../domain/problem.ts'
import { applicationFindings, fileFindings } from './findings/applications.ts'
import type { ForeignApplication, Survey } from './cluster.ts'
import { concerns, isHere } from './destinations.ts'
import { type Finding, type Observed, type ObservedApplication, type ObservedJob, severities } from './document.ts'
import type { DeployFiles } from './files.ts'
import { jobFindings, orphanFindings } from './findings/jobs.ts'
import { linkJobs, missingJobs } from './jobs.ts'
import { isGit } from './links/addresses.ts'
import { type Links, linksOf } from './links/links.ts'
import { withoutObjects } from './messages.ts'
import { rerunFindings } from './findings/reruns.ts'
import { summaryOf } from './summary.ts'

/**
 * Everything that can be said of a cluster and a deploy repository that Specyard writes neither of: what runs and why, where it comes from, and what
 * will go wrong. Pure: the same look at both gives the same answer.
 * @param files null where no deploy repository was given
 */
export function observeAll(survey: Survey, files: DeployFiles | null): Observed {
  const links = linksOf(survey, files)
  const concerned = survey.applications.filter((one) => concerns(one, survey.namespaces))
  const linked = linkJobs(survey, files, links)
  const missing = missingJobs(survey, links)
  const jobs = [...linked, ...missing].map(({ row }) => row).sort(compareJobs)
  const findings = [
    ...applicationFindings(concerned, links),
    ...rerunFindings(linked, missing, links),
    ...jobFindings(linked, links, files, survey.at),
    ...orphanFindings(survey.pods),
    ...fileFindings(files),
  ].sort(compareFindings)
  const applications = concerned.map((one) => applicationRow(one, links))
  return {
    format: 1,
    at: survey.at,
    cluster: { server: survey.server, namespaces: survey.namespaces },
    repository: files && { address: files.repository, branch: files.branch, commit: files.head },
    applications,
    jobs,
    findings,
    summary: summaryOf({ applications, jobs, findings }),
    incomplete: survey.incomplete,
    notes: notesOf(survey, files, links),
  }
}

function applicationRow(application: ForeignApplication, links: Links): ObservedApplication {
  const { name, namespace, sources, sync, health, syncedBy, syncedAt, seen } = application
  return {
    name,
    namespace,
    repository: sources[0]?.repository ?? '',
    path: sources[0]?.path ?? null,
    file: links.placeOf(application),
    syncs: application.selfHeal ? 'self-heal' : application.automated ? 'automated' : 'manual',
    sync,
    health,
    appliedRevision: seen.appliedRevision,
    comparedRevision: seen.comparedRevision ?? null,
    syncedBy,
    syncedAt,
    failing: seen.syncFailed === true,
    message: withoutObjects(seen.message),
  }
}

function notesOf({ applications, namespaces }: Survey, files: DeployFiles | null, links: Links): readonly string[] {
  const notes: string[] = []
  const elsewhere = applications.filter((one) => !isHere(one))
  if (elsewhere.length > 0)
    notes.push(
      `${elsewhere.length} of the Applications put their objects into other clusters, which were not looked at`,
    )
  if (namespaces.length === 0) notes.push('no namespace was looked at: name one with --namespace')
  const repositories = [
    ...new Set(applications.flatMap(({ sources }) => sources.filter(isGit).map(({ repository }) => repository))),
  ].sort(compareText)
  if (!files && repositories.length > 0)
    notes.push(
      `no file was looked at: pass --deploy-repository ${repositories.length === 1 ? repositories[0] : `with one of ${repositories.join(', ')}`}`,
    )
  if (files && links.belonging.assumed !== null)
    notes.push(`${files.repository} is taken for ${links.belonging.assumed}, which all Applications name`)
  const none =
    files && applications.length > 0 && applications.every((one) => links.belonging.sourcesOf(one).length === 0)
  if (none)
    notes.push(`no Application takes anything from ${files.repository}; they name ${repositories.join(', ') || 'none'}`)
  return notes
}

function compareJobs(left: ObservedJob, right: ObservedJob): number {
  return compareText(`${left.namespace}/${left.name}`, `${right.namespace}/${right.name}`)
}

function compareFindings(left: Finding, right: Finding): number {
  const rank = ({ severity }: Finding): number => severities.indexOf(severity)
  return (
    rank(left) - rank(right) ||
    compareText(left.code, right.code) ||
    compareText(left.about, right.about) ||
    compareText(left.message, right.message)
  )
}
