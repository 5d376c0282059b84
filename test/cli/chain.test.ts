import { describe, expect, it } from 'vitest'
import { type Chain, drawChain } from '../../cli/terminal/chain.ts'

const run: Chain['runs'][number] = {
  environment: 'dev',
  project: 'language',
  name: 'letters',
  id: 'f70faf8f-f4b3-586d-81e4-8f734808fc0d',
  state: 'SUCCEEDED',
  reason: null,
  spec_path: 'specs/training.yaml',
  spec_line: 5,
  source_commit: 'cf37e324ee45fc2028f7823c5bd6a3cbd25ea8da',
  source_dirty: false,
  started_at: '2026-11-21T07:01:54.000Z',
  completed_at: '2026-11-21T07:02:10.000Z',
  final_metrics: { test_perplexity: 3.675584 },
  attempts: [
    {
      attempt: 1,
      state: 'SUCCEEDED',
      failure_class: null,
      job_name: 'letters-17233af3-1',
      job_uid: '0b8d6d5e-5f0b-4d43-9a55-7b4b1c0f8a11',
      applied_revision: '90c4b74052a737e1929ee34b42ec6cdf07249ebd',
      pods: [{ name: 'letters-17233af3-1-8e752', node: 'local', image_digest: null }],
      evidence: { exit_code: 0, last_step: 9 },
    },
  ],
}
const published = {
  commit: '90c4b74052a737e1929ee34b42ec6cdf07249ebd',
  action: 'publication',
  subject: 'Publish specs: 1 run starts',
  subjects: ['dev/language/letters'],
  at: '2026-11-21T07:01:53.000Z',
  merge: null,
  merged_pull: null,
}
const version = {
  project: 'language',
  model: 'letters',
  version: 1,
  digest: `sha256:${'a'.repeat(64)}`,
  uri: 'storage/model.bin',
  size_bytes: 6_577_111,
  run: { id: run.id },
}
const endpoint = {
  environment: 'dev',
  project: 'language',
  name: 'writer',
  status: 'healthy',
  message: null,
  url: 'http://127.0.0.1:1/writer',
  model: 'letters',
  model_version: 1,
  spec_path: 'specs/serving.yaml',
  spec_line: 2,
}
const trackerRun = {
  job_id: run.id,
  attempt: 1,
  tracker_run_id: '1c384282e69a412193216e1894b20ed4',
  url: 'http://mlflow.example.com/#/experiments/1/runs/1c384282e69a412193216e1894b20ed4',
  status: 'FINISHED',
  closed_as: null,
  artifacts: [{ path: 'model/weights.bin' }],
}
const nothing: Chain = {
  ...{ hits: [], publications: [], runs: [], tracker_runs: [] },
  ...{ model_versions: [], endpoints: [] },
}

describe('the picture of a chain', () => {
  it('says what a Job waits for that should be gone', () => {
    const hanging = [
      { attempt: 1, since: '2026-11-21T07:05:00.000Z', message: 'Job letters-17233af3-1 is still there' },
    ]
    const chain = { hits: [], publications: [], tracker_runs: [], model_versions: [], endpoints: [] }
    expect(drawChain({ ...chain, runs: [{ ...run, hanging }] })).toContain(
      'since 2026-11-21 07:05:00 UTC: Job letters-17233af3-1 is still there',
    )
    expect(drawChain({ ...chain, runs: [run] })).not.toContain('since ')
  })

  it('goes from the line of a spec over commit, attempt and model to the endpoint', () => {
    const chain = {
      ...nothing,
      publications: [published],
      runs: [run],
      model_versions: [version],
      endpoints: [endpoint],
    }
    expect(drawChain(chain)).toBe(`specs/training.yaml:5  at cf37e324ee
└─ run dev/language/letters  SUCCEEDED in 16 s  f70faf8f-f4b3-586d-81e4-8f734808fc0d
   ├─ commit 90c4b74052  Publish specs: 1 run starts  (2026-11-21 07:01:53 UTC)
   ├─ attempt 1  SUCCEEDED  exit 0  step 9
   │  ├─ Job letters-17233af3-1  0b8d6d5e-5f0b-4d43-9a55-7b4b1c0f8a11  synced at 90c4b74052
   │  └─ pod letters-17233af3-1-8e752  node local
   ├─ metrics  test_perplexity 3.676
   └─ model language/letters@1  sha256:aaaaaaaaaaaa  6.6 MB  storage/model.bin
      └─ endpoint dev/language/writer  healthy  http://127.0.0.1:1/writer  (specs/serving.yaml:2)
`)
  })

  it('an endpoint that waits stands for itself, with what it waits for', () => {
    const waiting = { ...endpoint, status: 'waiting', model_version: null, url: null, message: 'no version yet' }
    expect(drawChain({ ...nothing, endpoints: [waiting] })).toBe(`specs/serving.yaml:2
└─ endpoint dev/language/writer  waiting  no version yet  (specs/serving.yaml:2)
`)
  })

  it('what the tracker has of an attempt stands under it, and says when it was closed for its trainer', () => {
    const chain = { ...nothing, runs: [run], tracker_runs: [trackerRun] }
    const line = `MLflow run ${trackerRun.tracker_run_id}  FINISHED  1 artifact  ${trackerRun.url}\n`
    expect(drawChain(chain)).toContain(`node local\n   │  └─ ${line}`)
    const closed = { ...trackerRun, status: 'KILLED', closed_as: 'KILLED', artifacts: [] }
    expect(drawChain({ ...chain, tracker_runs: [closed] })).toContain('KILLED (closed here)  http')
  })

  it.each([
    [
      'the author of a merge',
      { commit: 'c'.repeat(40), who: 'Ada <ada@example.com>', source: 'author' },
      '2026-11-21 07:01:53 UTC: proposed 2026-11-20 16:00:00 UTC, merged by cccccccccc, a merge commit with the author Ada <ada@example.com>',
    ],
    [
      'the committer of a squash, though it is the forge',
      { commit: 'c'.repeat(40), who: 'GitHub <noreply@github.com>', source: 'committer' },
      '2026-11-21 07:01:53 UTC: proposed 2026-11-20 16:00:00 UTC, merged by cccccccccc, a squash or rebase with the committer GitHub <noreply@github.com>',
    ],
    [
      'nobody where Git names nobody',
      null,
      'proposed 2026-11-20 16:00:00 UTC; when it was merged, and by whom, the repository does not say',
    ],
    [
      'a name that would move the cursor as what it is',
      { commit: 'c'.repeat(40), who: 'Ada\u001b[2J <ada@example.com>', source: 'author' },
      'Ada\\u001b[2J <ada@example.com>',
    ],
  ] as const)('of what was proposed it says when it was merged, and names %s', (_, by, words) => {
    const merged = { ...published, merge: { proposed_at: '2026-11-20T16:00:00.000Z', by } }
    const told = drawChain({ ...nothing, publications: [merged], runs: [run] })
    expect(told).toContain(words)
    expect(told).not.toContain('approved')
  })

  it.each([
    [{ by: 'ada', approved_by: ['ben', 'eve'] }, 'merged by ada, approved by ben, eve, as the forge said)'],
    [{ by: 'ada', approved_by: [] }, 'pull request 12, merged by ada, as the forge said)'],
    [{ by: null, approved_by: [] }, 'does not say; pull request 12)'],
  ])('of a pull request it says what the forge said, and no more: %j', (said, words) => {
    const merge = { proposed_at: '2026-11-20T16:00:00.000Z', by: null }
    const merged = { ...published, merge, merged_pull: { number: 12, ...said } }
    expect(drawChain({ ...nothing, publications: [merged] })).toContain(words)
  })

  it('a commit that concerns nothing that is known is still told', () => {
    expect(drawChain({ ...nothing, publications: [published] })).toContain('commit 90c4b74052')
  })
})
