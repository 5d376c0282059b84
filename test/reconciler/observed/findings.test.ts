import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../reconciler/observed/document.ts'
import type { DeployFiles } from '../../../reconciler/observed/files.ts'
import { observeAll } from '../../../reconciler/observed/observe.ts'
import {
  applicationObject,
  condition,
  deployFiles,
  ended,
  head,
  jobObject,
  podObject,
  survey,
  type SurveyWishes,
  time,
} from '../../support/observed.ts'

/** A file of a Job as `jobObject` has it. */
const file = (
  more: {
    readonly spec?: readonly string[]
    readonly metadata?: readonly string[]
    readonly main?: readonly string[]
  } = {},
) =>
  [
    'apiVersion: batch/v1',
    'kind: Job',
    'metadata:',
    ...(more.metadata ?? ['  name: bert']),
    'spec:',
    ...(more.spec ?? []).map((line) => `  ${line}`),
    '  template:',
    '    spec:',
    '      restartPolicy: Never',
    '      containers:',
    '        - name: main',
    ...(more.main ?? [
      `          image: registry.example.com/bert@sha256:${'a'.repeat(64)}`,
      '          command: [train]',
    ]),
    '',
  ].join('\n')

const listed = (more: object = {}) => ({
  resources: [{ kind: 'Job', namespace: 'team', name: 'bert', status: 'OutOfSync', ...more }],
})
const running = [podObject()]
const selfHeal = [applicationObject({ automated: { selfHeal: true } })]
const failedStatus = { failed: 3, conditions: [condition('Failed', 'BackoffLimitExceeded')] }
const oom = [podObject({ phase: 'Failed', state: ended(137, 'OOMKilled') })]

interface Case {
  readonly sentence: string
  readonly look: SurveyWishes
  readonly files?: DeployFiles
  /** `severity CODE place`, as they come. */
  readonly found: readonly string[]
  /** Words of the first message, in this order. */
  readonly says?: RegExp
}

const ttl = { spec: { ttlSecondsAfterFinished: 600 } }

const cases: readonly Case[] = [
  {
    sentence: 'a Job that is as it should be gives nothing to say',
    look: { jobs: [jobObject()], pods: running },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: [],
  },
  {
    sentence: 'a TTL under self-heal trains again at once and without end',
    look: { jobs: [jobObject(ttl)], pods: running, applications: selfHeal },
    files: deployFiles({ 'jobs/bert.yaml': file({ spec: ['ttlSecondsAfterFinished: 600'] }) }),
    found: ['error RERUN_BY_TTL jobs/bert.yaml:6'],
    says: /will end, and is deleted 600 s after .* at once, and it runs again, without end$/,
  },
  {
    sentence: 'a TTL under automated sync alone trains again at the next commit',
    look: { jobs: [jobObject(ttl)], pods: running },
    files: deployFiles({ 'jobs/bert.yaml': file({ spec: ['ttlSecondsAfterFinished: 600'] }) }),
    found: ['error RERUN_BY_TTL jobs/bert.yaml:6'],
    says: /at the next commit/,
  },
  {
    sentence: 'a TTL where a person syncs is a warning',
    look: { jobs: [jobObject(ttl)], pods: running, applications: [applicationObject({ automated: null })] },
    found: ['warning RERUN_BY_TTL -'],
    says: /the next sync of Application ml makes it again/,
  },
  {
    sentence: 'a Job with a TTL that was made long after its file was changed is hardly the first',
    look: { jobs: [jobObject({ ...ttl, metadata: { creationTimestamp: time(900) } })], pods: running },
    files: deployFiles({ 'jobs/bert.yaml': file({ spec: ['ttlSecondsAfterFinished: 600'] }) }),
    found: ['error RERUN_BY_TTL jobs/bert.yaml:6'],
    says: /was made 16 min after its file was last changed, so it is hardly the first$/,
  },
  {
    sentence: 'a TTL of a Job that a CronJob makes is as it should be',
    look: {
      jobs: [
        jobObject({
          ...ttl,
          metadata: { ownerReferences: [{ kind: 'CronJob', name: 'nightly', uid: 'c', controller: true }] },
        }),
      ],
      pods: running,
    },
    found: [],
  },
  {
    sentence: 'a Job of Specyard has a lease, and is made again without training again',
    look: {
      jobs: [jobObject({ ...ttl, metadata: { labels: { 'job-id': 'a-run', 'specyard.dev/attempt': '1' } } })],
      pods: running,
    },
    found: [],
  },
  {
    sentence: 'a hook runs again at every sync',
    look: {
      jobs: [
        jobObject({
          metadata: {
            annotations: {
              'argocd.argoproj.io/tracking-id': 'ml:batch/Job:team/bert',
              'argocd.argoproj.io/hook': 'Sync',
            },
          },
        }),
      ],
      pods: running,
    },
    files: deployFiles({
      'jobs/bert.yaml': file({ metadata: ['  name: bert', '  annotations:', '    argocd.argoproj.io/hook: Sync'] }),
    }),
    found: ['warning RERUN_BY_HOOK jobs/bert.yaml:6'],
  },
  {
    sentence: 'a hook of Helm counts as one of Argo CD',
    look: {
      jobs: [
        jobObject({
          metadata: {
            annotations: { 'argocd.argoproj.io/tracking-id': 'ml:batch/Job:team/bert', 'helm.sh/hook': 'post-install' },
          },
        }),
      ],
      pods: running,
    },
    found: ['warning RERUN_BY_HOOK -'],
  },
  {
    sentence: 'a generated name makes one more Job with every sync',
    look: { jobs: [jobObject({ name: 'bert-8xk2p' })], pods: [podObject({ job: 'bert-8xk2p' })] },
    files: deployFiles({ 'jobs/bert.yaml': file({ metadata: ['  generateName: bert-'] }) }),
    found: ['error RERUN_BY_GENERATED_NAME jobs/bert.yaml:4'],
  },
  {
    sentence: 'Force and Replace end a Job that runs with any change of its file',
    look: {
      jobs: [jobObject()],
      pods: running,
      applications: [applicationObject({ syncOptions: ['Force=true', 'Replace=true'] })],
    },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: ['warning RERUN_BY_REPLACE jobs/bert.yaml:1'],
  },
  {
    sentence: 'a file whose Job was there and is gone trains again at the next commit',
    look: { applications: [applicationObject({ status: listed() })] },
    files: deployFiles({
      'jobs/bert.yaml': file({
        main: ['          image: i@sha256:0', '          resources: { limits: { nvidia.com/gpu: 8 } }'],
      }),
    }),
    found: ['error JOB_GONE jobs/bert.yaml:1'],
    says: /at the next commit that Application ml sees, whatever that changes, and it trains again on 8 GPUs$/,
  },
  {
    sentence: 'without files Argo CD’s own list says that a Job is gone',
    look: { applications: [applicationObject({ status: listed() })] },
    found: ['error JOB_GONE -'],
  },
  {
    sentence: 'a Job that was applied is gone also where a newer commit has been compared since',
    look: {
      applications: [
        applicationObject({
          status: {
            ...listed(),
            sync: { status: 'OutOfSync', revision: 'e'.repeat(40) },
            operationState: {
              phase: 'Succeeded',
              syncResult: { revision: head, resources: [{ kind: 'Job', name: 'bert', status: 'Synced' }] },
            },
          },
        }),
      ],
    },
    found: ['error JOB_GONE -'],
  },
  {
    sentence: 'a hook that is gone is as it should be',
    look: { applications: [applicationObject({ status: listed({ hook: true }) })] },
    found: [],
  },
  {
    sentence: 'what was not looked at is not missing',
    look: {
      applications: [applicationObject({ status: listed() })],
      more: { incomplete: [{ what: 'jobs in team', why: 'forbidden', remedy: 'allow it' }] },
    },
    found: [],
  },
  {
    sentence: 'a file whose Job waits for a person is a warning',
    look: {
      applications: [
        applicationObject({
          automated: null,
          status: { sync: { status: 'OutOfSync', revision: head }, operationState: {}, ...listed() },
        }),
      ],
    },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: ['warning JOB_NOT_MADE jobs/bert.yaml:1'],
    says: /syncs when a person asks/,
  },
  {
    sentence: 'a Job that no Application has was reviewed by nobody',
    look: { jobs: [jobObject({ metadata: { annotations: {} } })], pods: running },
    found: ['warning JOB_WITHOUT_FILE -'],
  },
  {
    sentence: 'a Job whose file is gone and that is not pruned',
    look: { jobs: [jobObject()], pods: running },
    files: deployFiles({ 'jobs/other.md': '' }),
    found: ['warning JOB_WITHOUT_FILE -'],
    says: /Application ml does not prune$/,
  },
  {
    sentence:
      'a sync that failed is told although its health says Healthy, and without the objects that Argo CD quotes',
    look: {
      applications: [
        applicationObject({
          status: {
            sync: { status: 'OutOfSync', revision: head },
            health: { status: 'Healthy' },
            operationState: {
              phase: 'Failed',
              message:
                'Job.batch "bert" is invalid: spec.template: Invalid value: {"env":[{"value":"}s3cret{"}]}: field is immutable',
            },
          },
        }),
      ],
    },
    found: ['error SYNC_FAILED -'],
    says: /although its health says Healthy: Job\.batch "bert" is invalid: spec\.template: Invalid value: \{…\}: field is immutable$/,
  },
  {
    sentence: 'another image in the file is a change that no Job can take on',
    look: { jobs: [jobObject()], pods: running },
    files: deployFiles({
      'jobs/bert.yaml': file({ main: ['          command: [train]', '          image: another@sha256:0'] }),
    }),
    found: ['error IMMUTABLE_CHANGE jobs/bert.yaml:12'],
    says: /\(containers\.main\.image\), which no Job can take on/,
  },
  {
    sentence: 'a variable that Kueue or a webhook added to the Job is none',
    look: { jobs: [jobObject({ container: { env: [{ name: 'ADDED', value: 'x' }] } })], pods: running },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: [],
  },
  {
    sentence: 'another value of a variable is one, and is not shown',
    look: { jobs: [jobObject({ container: { env: [{ name: 'TOKEN', value: 's3cret' }] } })], pods: running },
    files: deployFiles({
      'jobs/bert.yaml': file({
        main: [
          `          image: registry.example.com/bert@sha256:${'a'.repeat(64)}`,
          '          command: [train]',
          '          env: [{ name: TOKEN, value: 0ther }]',
        ],
      }),
    }),
    found: ['error IMMUTABLE_CHANGE jobs/bert.yaml:13'],
    says: /^(?!.*(s3cret|0ther)).*containers\.main\.env\.TOKEN/,
  },
  {
    sentence: 'one preemption fails a Job without a policy for it',
    look: { jobs: [jobObject({ spec: { podFailurePolicy: undefined } })], pods: running },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: ['warning DISRUPTION_COUNTS jobs/bert.yaml:5'],
    says: /fails it for good/,
  },
  {
    sentence: 'an exit-code rule does not ignore disruptions',
    look: {
      jobs: [
        jobObject({
          spec: { backoffLimit: 2, podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { values: [1] } }] } },
        }),
      ],
      pods: running,
    },
    found: ['note DISRUPTION_COUNTS -'],
  },
  {
    sentence: 'an image that never comes is waited for without end',
    look: {
      jobs: [jobObject({ spec: { activeDeadlineSeconds: undefined } })],
      pods: [podObject({ phase: 'Pending', state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } })],
    },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: ['error ENDLESS_WAIT jobs/bert.yaml:11'],
    says: /waited for 17 min .* \(IMAGE\): not found; Kubernetes never ends it/,
  },
  {
    sentence: 'an OOM is not mended by trying it again',
    look: { jobs: [jobObject({ spec: { backoffLimit: undefined }, status: failedStatus })], pods: oom },
    files: deployFiles({ 'jobs/bert.yaml': file() }),
    found: ['warning RETRY_CHANGES_NOTHING jobs/bert.yaml:5'],
    says: /tried 3 times \(backoffLimit 6, which is what Kubernetes takes/,
  },
  {
    sentence: 'a pod that lost its Job is told with the GPUs that it holds',
    look: {
      pods: [podObject({ limits: { 'nvidia.com/gpu': '4' }, metadata: { ownerReferences: [] } })],
    },
    found: ['error ORPHAN_POD -'],
    says: /its Job bert was deleted without it; it goes on, and holds 4 GPUs on node gpu-1/,
  },
  {
    sentence: 'GPUs without a time limit are a note',
    look: {
      jobs: [
        jobObject({
          spec: { activeDeadlineSeconds: undefined },
          container: { resources: { limits: { 'nvidia.com/gpu': 2 } } },
        }),
      ],
      pods: running,
    },
    found: ['note NO_TIME_LIMIT -'],
    says: /asks for 2 GPUs$/,
  },
  {
    sentence: 'a tag is a note, with what runs',
    look: { jobs: [jobObject({ container: { image: 'bert:latest' } })], pods: running },
    found: ['note IMAGE_NOT_PINNED -'],
    says: /what runs is sha256:b{64}$/,
  },
  {
    sentence: 'an Application of another cluster is not looked at, and its failure is not ours to tell',
    look: {
      applications: [
        applicationObject({
          destination: { server: 'https://elsewhere:6443' },
          status: { ...listed(), operationState: { phase: 'Failed' } },
        }),
      ],
    },
    found: [],
  },
]

const short = ({ severity, code, place }: Finding): string =>
  `${severity} ${code} ${place ? `${place.path}:${place.line}` : '-'}`

describe('what a stranger is told', () => {
  it.each(cases.map((one) => [one.sentence, one] as const))('%s', (_sentence, { look, files, found, says }) => {
    const { findings } = observeAll(survey(look), files ?? null)
    expect(findings.map(short)).toEqual(found)
    if (says) expect(findings[0]?.message).toMatch(says)
    for (const { message, remedy } of findings) expect([message, remedy].every((one) => one.length > 10)).toBe(true)
  })
})
