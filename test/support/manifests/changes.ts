import type { Json } from '../../../domain/canonical.ts'
import { at, type Change, pod } from './change.ts'
import { containerChanges, schedulingChanges, volumeChanges } from './pod-changes.ts'

const long = 'a'.repeat(64)
const veryLong = 'a'.repeat(254)

const names: readonly Change[] = [
  ...at('/metadata/name', 'Upper', '-hyphen', 'under_score', 'dots.are.fine', long, veryLong, '', 'ok-1'),
  ...at('/metadata/labels/team', 'research', 'with space', long, 'trailing-', '', 7, null, 'a.b_c-d'),
  ...at('/metadata/labels/UPPER~1key', 'x'),
  ...at('/metadata/labels/example.com~1key', 'x'),
  ...at('/metadata/labels/a~1b~1c', 'x'),
  ...at('/metadata/labels/-bad', 'x'),
  ...at('/metadata/annotations/note', 'any text: {}', 5, true, null),
  ...at('/metadata/annotations/bad key', 'x'),
  ...at('/metadata/annotations/big', 'x'.repeat(300_000)),
  ...at('/metadata/finalizers', ['example.com/hold'], ['nodomain'], ['bad name/x']),
  ...at('/metadata/ownerReferences', [{ apiVersion: 'v1', kind: 'Pod', name: 'a' }]),
  ...at('/metadata/unknownField', 'x'),
  ...at('/spec/template/metadata/labels/team', 'research', 'with space'),
  ...at('/spec/template/metadata/annotations', { 'sidecar.istio.io/inject': 'false' }, { 'bad key': 'x' }, 'text'),
]

const job: readonly Change[] = [
  ...at('/spec/parallelism', -1, 0, 4, '2', 1.5),
  ...at('/spec/completions', -1, 0, 3),
  ...at('/spec/backoffLimit', -1, 6, '6', null, 3_000_000_000),
  ...at('/spec/activeDeadlineSeconds', -1, 1, '60', 9_000_000_000),
  ...at('/spec/ttlSecondsAfterFinished', -1, 10),
  ...at('/spec/completionMode', 'Indexed', 'NonIndexed', 'Sometimes'),
  ...at('/spec/podReplacementPolicy', 'TerminatingOrFailed', 'Failed', 'Never'),
  ...at('/spec/backoffLimitPerIndex', 1, -1),
  ...at('/spec/maxFailedIndexes', 1),
  ...at('/spec/successPolicy', { rules: [{ succeededCount: 1 }] }),
  ...at('/spec/managedBy', 'example.com/me', 'no domain', 'kubernetes.io/job-controller'),
  ...at('/spec/suspend', true, 'yes'),
  ...at('/spec/selector', { matchLabels: { app: 'trainer' } }),
  ...at('/spec/manualSelector', true, false),
  ...at('/spec/unknownField', 1),
  ...at('/spec/template/unknownField', 1),
  ...at('/unknownField', 1),
  ...at('/status', {}),
  ...at('/spec/template', undefined),
]

const codes = (values: Json, more: Readonly<Record<string, Json>> = {}): Json => ({
  action: 'FailJob',
  onExitCodes: { containerName: 'trainer', operator: 'In', values, ...more },
})

const failurePolicy: readonly Change[] = [
  ...at('/spec/podFailurePolicy', undefined, { rules: [] }, {}, []),
  ...at(
    '/spec/podFailurePolicy/rules/-',
    codes([1]),
    codes([]),
    codes([0]),
    codes([0], { operator: 'NotIn' }),
    codes([2, 1]),
    codes([1, 1]),
    codes([1], { containerName: 'nobody' }),
    codes([1], { operator: 'Equals' }),
    codes(['1']),
    codes(Array.from({ length: 256 }, (_, index) => index + 1)),
    { action: 'Ignore' },
    { action: 'Skip', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'Count', onPodConditions: [{ type: 'bad type', status: 'True' }] },
    { action: 'Count', onPodConditions: [{ type: 'DisruptionTarget', status: 'Maybe' }] },
    { action: 'Count', onPodConditions: [] },
    { onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'Count', onPodConditions: [{ type: 'A', status: 'True' }], onExitCodes: { operator: 'In', values: [1] } },
  ),
  ...at('/spec/podFailurePolicy/rules/0/action', 'FailJob', 'Restart'),
]

const podFields: readonly Change[] = [
  ...at(`${pod}/restartPolicy`, 'OnFailure', 'Always', 'Sometimes', undefined),
  ...at(`${pod}/serviceAccountName`, 'trainer', 'Bad_Name', ''),
  ...at(`${pod}/priorityClassName`, 'Not Valid'),
  ...at(`${pod}/schedulerName`, 'volcano', 'not valid'),
  ...at(`${pod}/runtimeClassName`, 'nvidia', 'Not_Valid'),
  ...at(`${pod}/nodeName`, 'node-1', 'Node 1'),
  ...at(`${pod}/hostname`, 'worker', 'worker.one', long),
  ...at(`${pod}/subdomain`, 'workers', 'a.b'),
  ...at(`${pod}/activeDeadlineSeconds`, 0, 60),
  ...at(`${pod}/terminationGracePeriodSeconds`, 0, 600, '30', -5),
  ...at(`${pod}/nodeSelector`, { pool: 'gpu' }, { pool: 'not valid' }, { 'bad key': 'x' }, { pool: true }, []),
  ...at(`${pod}/imagePullSecrets`, [{ name: 'registry' }], [{ name: 'Not Valid' }], ['registry']),
  ...at(`${pod}/hostNetwork`, true, 'true'),
  ...at(`${pod}/hostPID`, true),
  ...at(`${pod}/hostUsers`, false, true),
  ...at(`${pod}/shareProcessNamespace`, true),
  ...at(`${pod}/dnsPolicy`, 'None', 'Default', 'Sometimes'),
  ...at(
    `${pod}/dnsConfig`,
    { nameservers: ['10.0.0.1'] },
    { nameservers: ['ten'] },
    { searches: ['bad domain'] },
    { options: [{ value: 'x' }] },
  ),
  ...at(
    `${pod}/hostAliases`,
    [{ ip: '10.0.0.1', hostnames: ['a'] }],
    [{ ip: 'ten', hostnames: ['a'] }],
    [{ ip: '::1', hostnames: ['a b'] }],
  ),
  ...at(`${pod}/preemptionPolicy`, 'Never', 'Rarely'),
  ...at(`${pod}/readinessGates`, [{ conditionType: 'example.com/x' }], [{ conditionType: 'bad type' }], [{}]),
  ...at(`${pod}/schedulingGates`, [{ name: 'example.com/x' }], [{ name: 'a' }, { name: 'a' }], [{ name: 'bad name' }]),
  ...at(`${pod}/os`, { name: 'linux' }, { name: 'plan9' }),
  ...at(
    `${pod}/resourceClaims`,
    [{ name: 'gpu', resourceClaimName: 'a' }],
    [{ name: 'gpu' }],
    [{ name: 'Bad', resourceClaimName: 'a' }],
  ),
  ...at(`${pod}/unknownField`, 1),
  ...at(`${pod}/containers`, [], undefined, {}),
  ...at(`${pod}/securityContext/runAsUser`, 1000, -1, '1000', 3_000_000_000),
  ...at(`${pod}/securityContext/fsGroup`, 1000, -1),
  ...at(`${pod}/securityContext/fsGroupChangePolicy`, 'OnRootMismatch', 'Rarely'),
  ...at(`${pod}/securityContext/supplementalGroups`, [1, 2], [-1], ['1']),
  ...at(
    `${pod}/securityContext/sysctls`,
    [{ name: 'net.core.somaxconn', value: '1' }],
    [{ name: 'Bad Name', value: '1' }],
    [
      { name: 'a.b', value: '1' },
      { name: 'a.b', value: '2' },
    ],
  ),
  ...at(
    `${pod}/securityContext/seccompProfile`,
    { type: 'Localhost' },
    { type: 'Localhost', localhostProfile: 'a.json' },
    { type: 'RuntimeDefault', localhostProfile: 'a' },
    { type: 'Nothing' },
    {},
  ),
  ...at(`${pod}/securityContext/appArmorProfile`, { type: 'Unconfined' }, { type: 'Nothing' }),
]

/** Some that a server takes and some that it refuses; nobody says here which. */
export const changes: readonly Change[] = [
  ...names,
  ...job,
  ...failurePolicy,
  ...podFields,
  ...containerChanges,
  ...volumeChanges,
  ...schedulingChanges,
]
