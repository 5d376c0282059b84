import { describe, expect, it } from 'vitest'
import type { LedgerAttempt, LedgerRun, RunLedger } from '../../../domain/ledger.ts'
import type { Run } from '../../../domain/run.ts'
import { type FoldedRun, foldRuns, type Moment } from '../../../reconciler/rebuild/fold-runs.ts'
import { eventOfFolded, recordOfFolded } from '../../../reconciler/rebuild/record.ts'
import { at, ledgerRun, plan } from '../../support/reconciler.ts'

/* Each step is what one commit of ours made of the file of a name; commit n is made n minutes after the start. */

const path = '.specyard/ledger/runs/dev/language/letters.json'

function moment(number: number): Moment {
  return { commit: String(number).repeat(40).slice(0, 40), at: at(60 * number) }
}

function attempt(number: number, more: Partial<LedgerAttempt> = {}): LedgerAttempt {
  return {
    attempt: number,
    jobName: `letters-${plan.shortDigest}-${number}`,
    failureClass: null,
    retired: false,
    checkpointUri: null,
    ...more,
  }
}

function run(more: Partial<LedgerRun> = {}): LedgerRun {
  return { ...ledgerRun, ...more }
}

const ended = (outcome: LedgerRun['outcome'], more: Partial<LedgerRun> = {}): LedgerRun =>
  run({ status: 'ended', outcome, ...more })
const retired = { retired: true }

/** The runs that a history says, in the order in which the fold is done with them. */
function fold(...steps: readonly (readonly LedgerRun[] | null)[]): readonly FoldedRun[] {
  const runs = foldRuns()
  const dropped = steps.flatMap((of, index) => {
    const entry: RunLedger = { format: 1, environment: 'dev', project: 'language', name: 'letters', runs: of ?? [] }
    return runs.take(path, of && entry, moment(index + 1))
  })
  return [...dropped, ...runs.rest()]
}

function record(...steps: readonly (readonly LedgerRun[] | null)[]): Run {
  const [first] = fold(...steps)
  if (!first) throw new Error('the history has no run')
  return recordOfFolded(first, null)
}

const known: readonly (readonly [string, readonly (readonly LedgerRun[] | null)[], object])[] = [
  [
    'a run that is published is pending since its commit',
    [[run()]],
    { state: 'PENDING', reason: 'Committed', createdAt: at(60), completedAt: null, attempt: 1, retryCount: 0 },
  ],
  [
    'a run that is concluded ended with the commit that says so, and keeps its manifest until it is retired',
    [[run()], [ended('SUCCEEDED')]],
    { state: 'SUCCEEDED', completedAt: at(120), attempts: [{ state: 'SUCCEEDED', endedAt: at(120), retiredAt: null }] },
  ],
  [
    'a run that is retired later keeps the time of its conclusion',
    [[run()], [ended('SUCCEEDED')], [ended('SUCCEEDED', { attempts: [attempt(1, retired)] })]],
    { completedAt: at(120), attempts: [{ endedAt: at(120), retiredAt: at(180) }] },
  ],
  [
    'a retried attempt failed at the latest when the next was committed, and left that its newest checkpoint',
    [[run()], [run({ attempts: [attempt(1, { failureClass: 'OOM' }), attempt(2, { checkpointUri: 'c/7' })] })]],
    {
      state: 'PENDING',
      attempt: 2,
      retryCount: 1,
      disruptionCount: 0,
      attempts: [
        { state: 'FAILED', failureClass: 'OOM', endedAt: at(120), checkpointUri: 'c/7' },
        { state: 'PENDING', failureClass: null, endedAt: null, checkpointUri: 'c/7' },
      ],
    },
  ],
  [
    'an attempt that its node took down is charged to the infrastructure, a lost one is not',
    [
      [
        run({
          attempts: [attempt(1, { failureClass: 'NODE_LOST' }), attempt(2, { failureClass: 'LOST' }), attempt(3)],
        }),
      ],
    ],
    { retryCount: 1, disruptionCount: 1 },
  ],
  [
    'a run whose manifests are gone and which has not ended goes on, unretired',
    [[run()], [run({ status: 'cancelling', cancelReason: 'REQUESTED', attempts: [attempt(1, retired)] })]],
    { state: 'PENDING', completedAt: null, attempts: [{ state: 'PENDING', endedAt: null, retiredAt: null }] },
  ],
  [
    'a cancelled run ended with its conclusion, and is retired from then on',
    [
      [run()],
      [run({ status: 'cancelling', cancelReason: 'REQUESTED', attempts: [attempt(1, retired)] })],
      [ended('CANCELLED', { cancelReason: 'REQUESTED', attempts: [attempt(1, retired)] })],
    ],
    {
      state: 'CANCELLED',
      message: expect.stringMatching(/^cancelled on request; known from the history/),
      completedAt: at(180),
      attempts: [{ state: 'CANCELLED', failureClass: 'CANCELLED', endedAt: at(180), retiredAt: at(180) }],
    },
  ],
  [
    'a superseded run names what took its place',
    [
      [run()],
      [ended('CANCELLED', { cancelReason: 'SUPERSEDED', supersededBy: 'another', attempts: [attempt(1, retired)] })],
    ],
    { message: expect.stringMatching(/^superseded by run another; /) },
  ],
  [
    'late evidence of a lost run corrects its outcome and its end',
    [[run()], [ended('FAILED')], [ended('SUCCEEDED')]],
    { state: 'SUCCEEDED', completedAt: at(180), attempts: [{ state: 'SUCCEEDED', failureClass: null }] },
  ],
  [
    'a plan that was compacted away is the plan still',
    [[run()], [ended('SUCCEEDED', { plan: null })]],
    { state: 'SUCCEEDED' },
  ],
  [
    'a commit that brings an older state of the file back takes no outcome and no retirement back',
    [[run()], [ended('SUCCEEDED', { attempts: [attempt(1, retired)] })], [run()]],
    { state: 'SUCCEEDED', completedAt: at(120), attempts: [{ retiredAt: at(120) }] },
  ],
]

describe('the history of a name in the ledger', () => {
  it.each(known)('%s', (_, steps, expected) => {
    expect(record(...steps)).toMatchObject(expected)
    expect(fold(...steps)[0]?.plan).toEqual(plan)
  })

  it('has a run that the ledger dropped since', () => {
    const other = run({ id: 'other' })
    const done = ended('SUCCEEDED', { attempts: [attempt(1, retired)] })
    const folded = fold([run()], [other, done], [other])
    expect(folded.map(({ id, outcome }) => [id, outcome])).toEqual([
      [ledgerRun.id, 'SUCCEEDED'],
      ['other', null],
    ])
    expect(fold([run()], [done], null).map(({ id }) => id)).toEqual([ledgerRun.id])
  })

  it('never says that something ended before it began, whatever the clocks of those who committed', () => {
    const runs = foldRuns()
    const entry = { format: 1, environment: 'dev', project: 'language', name: 'letters' } as const
    runs.take(path, { ...entry, runs: [run()] }, moment(5))
    const late = ended('SUCCEEDED', { attempts: [attempt(1, retired)] })
    runs.take(path, { ...entry, runs: [late] }, moment(2))
    const made = recordOfFolded(runs.rest()[0] as FoldedRun, null)
    expect([made.completedAt, made.attempts[0]?.endedAt, made.attempts[0]?.retiredAt]).toEqual([
      at(300),
      at(300),
      at(300),
    ])
  })
})

describe('what no commit says', () => {
  const failed = [[run()], [ended('FAILED')]] as const

  it('is null, and the record says which commits the rest is from', () => {
    const made = record(...failed)
    expect(made).toMatchObject({
      reason: 'FromLedger',
      startedAt: null,
      queuedAt: null,
      finalMetrics: null,
      progress: null,
    })
    expect(made.attempts).toMatchObject([
      { jobUid: null, leaseGrantedAt: null, startedAt: null, evidence: null, failureClass: null },
    ])
    expect(made.message).toBe(
      'known from the history of the deploy repository, commits 1111111111 to 2222222222; not known from there: Job and pods, ' +
        'when it started, when exactly it ended, what it reported, evidence of its end, why its last attempt failed',
    )
  })

  it('is told once more as an event, with the commit of each step', () => {
    const [folded] = fold(...failed)
    const event = eventOfFolded(folded as FoldedRun)
    expect(event).toMatchObject({
      reason: 'FromLedger',
      attempt: 1,
      details: {
        created: { commit: '1'.repeat(40), at: at(60).toISOString() },
        concluded: { commit: '2'.repeat(40) },
        attempts: [{ attempt: 1, committed: { commit: '1'.repeat(40) }, retired: null }],
        unknown: expect.arrayContaining(['Job and pods', 'why its last attempt failed']),
      },
    })
  })

  it('does not count why an attempt failed where the retirement said it', () => {
    const told = ended('FAILED', { attempts: [attempt(1, { failureClass: 'OOM', retired: true })] })
    const made = record([run()], [told])
    expect(made.attempts[0]?.failureClass).toBe('OOM')
    expect(made.message).not.toContain('why its last attempt failed')
  })

  it('is what a run measured, but for the metrics of the version that it registered', () => {
    const [folded] = fold([run()], [ended('SUCCEEDED')])
    expect(recordOfFolded(folded as FoldedRun, { test_perplexity: 4 }).finalMetrics).toEqual({ test_perplexity: 4 })
    expect(recordOfFolded(folded as FoldedRun, {}).finalMetrics).toBeNull()
  })
})
