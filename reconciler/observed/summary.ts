import type { RunState } from '../../domain/run.ts'
import type { Finding, Observed, Summary } from './document.ts'

type Counted = Pick<Observed, 'applications' | 'jobs' | 'findings'>

export function summaryOf({ applications, jobs, findings }: Counted): Summary {
  const inState = (state: RunState | null): number => jobs.filter((one) => one.state === state).length
  const of = (severity: Finding['severity']): number => findings.filter((one) => one.severity === severity).length
  return {
    applications: applications.length,
    applicationsFailing: applications.filter(({ failing }) => failing).length,
    jobs: jobs.length,
    states: {
      pending: inState('PENDING'),
      queued: inState('QUEUED'),
      running: inState('RUNNING'),
      succeeded: inState('SUCCEEDED'),
      failed: inState('FAILED'),
      cancelled: inState('CANCELLED'),
      gone: inState(null),
    },
    gpusRunning: jobs.reduce((sum, { state, gpus }) => sum + (state === 'RUNNING' ? gpus : 0), 0),
    findings: { error: of('error'), warning: of('warning'), note: of('note') },
  }
}

/** Of a repository that many share: what comes from below one folder, with what concerns it. */
export function withinFolder(observed: Observed, path: string): Observed {
  const folder = path.replace(/^(\.?\/)+|\/+$/g, '').replace(/^\.$/, '')
  const isBelow = (one: string | null | undefined): boolean =>
    one != null && (folder === '' || one === folder || one.startsWith(`${folder}/`))
  const applications = observed.applications.filter((one) => isBelow(one.path))
  const names = new Set(applications.map(({ name }) => name))
  const jobs = observed.jobs.filter((one) => isBelow(one.file?.path) || names.has(one.application ?? ''))
  const about = new Set([
    ...applications.map(({ name }) => `Application ${name}`),
    ...jobs.map((one) => `Job ${one.namespace}/${one.name}`),
  ])
  const findings = observed.findings.filter((one) => about.has(one.about) || isBelow(one.place?.path))
  return { ...observed, applications, jobs, findings, summary: summaryOf({ applications, jobs, findings }) }
}
