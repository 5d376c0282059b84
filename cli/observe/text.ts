import type {
  Finding,
  FindingSeverity,
  Observed,
  ObservedApplication,
  ObservedJob,
} from '../../reconciler/observed/document.ts'
import { severities } from '../../reconciler/observed/document.ts'
import type { Change } from '../../reconciler/observed/files.ts'
import { age, table } from '../terminal/table.ts'

export interface TextOptions {
  readonly wide: boolean
  /** Findings of less weight are counted, not printed. */
  readonly least: FindingSeverity | 'none'
}

/** Of the last column, where it is not asked to be wide. */
const messageCharacters = 72

/** What was observed as tables that people read, a line for each finding with its remedy, and a summary. */
export function observedText(observed: Observed, { wide, least }: TextOptions): string {
  const { applications, jobs, findings } = observed
  const shown = findings.filter((one) => isShown(one, least))
  return [
    ...(applications.length > 0 ? [applicationTable(applications, wide)] : []),
    ...(jobs.length > 0 ? [jobTable(jobs, observed.at, wide)] : []),
    ...(shown.length > 0 ? [`${shown.map(findingText).join('\n')}\n`] : []),
    `${summaryText(observed, shown.length)}\n`,
  ].join('\n')
}

export function isShown({ severity }: Finding, least: TextOptions['least']): boolean {
  return least !== 'none' && severities.indexOf(severity) <= severities.indexOf(least)
}

function applicationTable(applications: readonly ObservedApplication[], wide: boolean): string {
  const heads = ['APPLICATION', 'SYNCS', 'SYNC', 'HEALTH', 'APPLIED', 'BY', ...(wide ? ['REPOSITORY', 'PATH'] : [])]
  return table(
    [...heads, 'MESSAGE'],
    applications.map((one) => [
      one.name,
      one.syncs,
      one.sync || '-',
      one.health || '-',
      one.appliedRevision?.slice(0, 7) ?? '-',
      one.syncedBy ?? '-',
      ...(wide ? [one.repository, one.path ?? '-'] : []),
      one.failing ? cut(one.message, wide) : '',
    ]),
  )
}

const jobHeads = ['JOB', 'STATE', 'REASON', 'FOR', 'GPUS', 'DONE', 'TRIES', 'FILE', 'COMMIT', 'BY']
const wideHeads = ['APPLICATION', 'POD', 'NODE', 'IMAGE']

export function jobTable(jobs: readonly ObservedJob[], at: Date, wide: boolean): string {
  const heads = [...jobHeads, ...(wide ? wideHeads : []), 'MESSAGE']
  return table(
    heads,
    jobs.map((job) => jobCells(job, at, wide)),
  )
}

export function jobCells(job: ObservedJob, at: Date, wide: boolean): readonly string[] {
  const { counts, file, pods } = job
  const change = file?.change ?? null
  const pod = pods.at(-1)
  const tries = counts.failed > 0 ? `${counts.failed}/${counts.backoffLimit + 1}` : '-'
  const place = file ? `${file.path}:${file.line}` : '-'
  return [
    `${job.namespace}/${job.name}`,
    job.state ?? 'GONE',
    job.state === null ? '-' : job.reason || '-',
    age(job.since?.toISOString(), at),
    job.gpus > 0 ? String(job.gpus) : '-',
    `${counts.succeeded}/${counts.completions ?? counts.parallelism}`,
    tries,
    job.specyard?.spec ?? place,
    change?.commit.slice(0, 7) ?? '-',
    change ? whoText(change) : job.owner ? `${job.owner.kind} ${job.owner.name}` : '-',
    ...(wide
      ? [
          job.application ?? '-',
          pod?.name ?? '-',
          pod?.node ?? '-',
          pod?.imageDigest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? '-',
        ]
      : []),
    cut(job.message, wide),
  ]
}

/** Who wrote it, and who let it in: `Ada, merged by Grace (#41)`. */
export function whoText({ author, merged, approvedBy, request }: Change): string {
  const name = (person: string): string => person.replace(/\s*<[^>]*>\s*$/, '')
  const approvals = [
    ...approvedBy.map((one) => `approved by ${name(one)}`),
    ...(merged ? [`merged by ${name(merged.by)}`] : []),
  ]
  return `${[name(author), ...approvals].join(', ')}${request ? ` (${request})` : ''}`
}

export function findingText({ severity, code, about, place, message, remedy }: Finding): string {
  const where = place ? `${place.path}:${place.line}  ` : ''
  return `${where}${severity}  ${code}  ${about}: ${message}\n    hint: ${remedy}`
}

function summaryText({ summary, findings }: Observed, shown: number): string {
  const { states, gpusRunning } = summary
  const running = `${states.running} running${gpusRunning > 0 ? ` on ${gpusRunning} GPUs` : ''}`
  const rest = (['queued', 'pending', 'succeeded', 'failed', 'gone'] as const)
    .filter((state) => states[state] > 0)
    .map((state) => `${states[state]} ${state}`)
  const failing = summary.applicationsFailing > 0 ? `, ${summary.applicationsFailing} failing` : ''
  const hidden = findings.length - shown
  const more = hidden > 0 ? ` (${hidden} not shown: --findings note)` : ''
  return [
    `${counted(summary.jobs, 'Job')}: ${[running, ...rest].join(', ')}`,
    `${counted(summary.applications, 'Application')}${failing}`,
    `${counted(summary.findings.error, 'error')}, ${counted(summary.findings.warning, 'warning')}, ${counted(summary.findings.note, 'note')}${more}`,
  ].join('; ')
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function cut(message: string, wide: boolean): string {
  return wide || message.length <= messageCharacters ? message : `${message.slice(0, messageCharacters - 1)}…`
}
