import type { Moment } from '../../reconciler/rebuild/fold-runs.ts'
import type { Rebuilt } from '../../reconciler/rebuild/rebuild.ts'
import { table } from '../terminal/table.ts'

/** What clusters and tracker still had of the runs that were rebuilt. */
export interface Filled {
  /** Attempts whose Job is known again. */
  readonly jobs: number
  /** Attempts whose pods were still there to take evidence of. */
  readonly evidence: number
  /** Attempts that were found in the tracker. */
  readonly trackerLinks: number
  /** What was decided and is not done yet. */
  readonly pending: number
}

export interface RebuildReport {
  readonly rebuilt: Rebuilt
  readonly publications: number
  readonly filled: Filled
}

const namedMax = 10

/** What a program reads. */
export function rebuildDocument({ rebuilt, publications, filled }: RebuildReport) {
  const { complete, runIds, known, goingOn, dropped, attempts, modelVersions, releases, first, last } = rebuilt
  return {
    complete,
    history: { first: momentDocument(first), last: momentDocument(last) },
    rebuilt: { runs: runIds.length, goingOn, dropped, attempts, modelVersions, releases, publications, known },
    filled,
    unknown: {
      attemptsWithoutJob: attempts - filled.jobs,
      attemptsWithoutEvidence: attempts - filled.evidence,
      runsWithoutFailureClass: { count: rebuilt.withoutFailureClassCount, runs: rebuilt.withoutFailureClass },
      notRebuilt: { count: rebuilt.leftCount, runs: rebuilt.left },
      disbelieved: { count: rebuilt.disbelievedCount, changes: rebuilt.disbelieved },
    },
  }
}

/** What a person reads: what is there again and from where, then what is not. */
export function rebuildText(report: RebuildReport): string {
  return [
    table(['REBUILT', 'COUNT', 'FROM'], rebuiltRows(report)),
    '\n',
    table(['NOT KNOWN', 'COUNT', 'WHY'], unknownRows(report)),
    ...named('not rebuilt', report.rebuilt.left, (one) => `${one.name}  ${one.runId}  ${one.why}`),
    ...named(
      'not believed',
      report.rebuilt.disbelieved,
      (one) => `${one.path}  ${one.commit.slice(0, 10)}  ${one.author}`,
    ),
    ...(report.rebuilt.complete
      ? []
      : ['\nstopped before the end of the history: specyard rebuild --into-existing goes on with it\n']),
  ].join('')
}

function rebuiltRows({ rebuilt, publications, filled }: RebuildReport): readonly (readonly string[])[] {
  const { runIds, known, goingOn, dropped, attempts, modelVersions, releases, first, last } = rebuilt
  const commits = first && last ? `commits ${shown(first)} to ${shown(last)}` : 'an empty history'
  return [
    ['runs', String(runIds.length), `${commits}; ${goingOn} not ended, ${dropped} no longer in the ledger`],
    ['attempts', String(attempts), 'the same'],
    ['model versions', String(modelVersions), 'the same'],
    ['releases of endpoints', String(releases), 'the same'],
    ['publications', String(publications), 'the trailers of our commits'],
    ['Jobs of attempts', String(filled.jobs), 'the clusters'],
    ['evidence of ends', String(filled.evidence), 'the clusters'],
    ['links to the tracker', String(filled.trackerLinks), 'the tracker'],
    ...(known > 0 ? [['runs left as they are', String(known), 'the records had them already']] : []),
    ...(filled.pending > 0
      ? [['still to do', String(filled.pending), 'actions that the next specyard reconcile goes on with']]
      : []),
  ]
}

function unknownRows({ rebuilt, filled }: RebuildReport): readonly (readonly string[])[] {
  const { attempts, withoutFailureClassCount, leftCount, disbelievedCount, runIds } = rebuilt
  return [
    ['Jobs and pods of attempts', String(attempts - filled.jobs), 'no cluster that is connected has them'],
    ['evidence of ends', String(attempts - filled.evidence), 'the pods are gone, or the attempt goes on'],
    [
      'times of start and end',
      String(runIds.length),
      'times are those of commits: the end was then, or shortly before',
    ],
    [
      'why the last attempt failed',
      String(withoutFailureClassCount),
      'what an older version wrote of an end learns it with the retirement',
    ],
    ['runs', String(leftCount), 'the history does not say enough of them'],
    ['changes of the ledger by others', String(disbelievedCount), 'what they say is not believed'],
  ].filter(([, count]) => count !== '0')
}

function named<One>(what: string, all: readonly One[], line: (one: One) => string): readonly string[] {
  if (all.length === 0) return []
  const more = all.length > namedMax ? [`  … and more; --output json names ${all.length}\n`] : []
  return [`\n${what}:\n`, ...all.slice(0, namedMax).map((one) => `  ${line(one)}\n`), ...more]
}

function shown({ commit, at }: Moment): string {
  return `${commit.slice(0, 10)} (${at.toISOString().slice(0, 16)}Z)`
}

function momentDocument(moment: Moment | null): { readonly commit: string; readonly at: string } | null {
  return moment && { commit: moment.commit, at: moment.at.toISOString() }
}
