import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attemptsStartedTwice, type AuditEvent, containerStarts, readAudit } from './support/audit.ts'
import type { Cluster } from './support/cluster.ts'

const attemptLabel = 'specyard.dev/attempt'
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }

/** What a node reports of a pod's trainer. */
function report(
  pod: string,
  job: string,
  attempt: string,
  state: object,
  containerID = `containerd://${pod}`,
): AuditEvent {
  const labels = { 'batch.kubernetes.io/controller-uid': job, [attemptLabel]: attempt }
  return {
    auditID: pod,
    verb: 'patch',
    requestURI: `/api/v1/namespaces/language/pods/${pod}/status`,
    user: { username: 'system:node:real-1' },
    objectRef: { resource: 'pods', subresource: 'status', namespace: 'language', name: pod },
    responseObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace: 'language', uid: pod, labels },
      spec: { nodeName: 'real-1' },
      status: { phase: 'Running', containerStatuses: [{ name: 'trainer', imageID: '', containerID, state }] },
    },
    requestReceivedTimestamp: '2026-01-01T00:00:00Z',
    stageTimestamp: '2026-01-01T00:00:00Z',
  }
}

const twice = (events: readonly AuditEvent[]) =>
  Object.fromEntries(attemptsStartedTwice(containerStarts(events, 'trainer'), (labels) => labels[attemptLabel] ?? ''))

describe('attempts that were started twice', () => {
  it.each([
    [
      'a Job that replaces its pod has started once',
      [report('a', 'one', '1', running), report('b', 'one', '1', running)],
      {},
    ],
    [
      'Jobs of different attempts have each started theirs',
      [report('a', 'one', '1', running), report('b', 'two', '2', running)],
      {},
    ],
    [
      'two Jobs of one attempt are found',
      [report('a', 'one', '1', running), report('b', 'two', '1', running)],
      { '1': ['one', 'two'] },
    ],
    [
      'two Jobs of one attempt are found also when one ended before anybody looked',
      [report('a', 'one', '1', running), report('b', 'two', '1', { terminated: { exitCode: 1, reason: 'Error' } })],
      { '1': ['one', 'two'] },
    ],
    [
      'a container that waits, or whose program could not be run, has not started',
      [
        report('a', 'one', '1', running),
        report('b', 'two', '1', { waiting: { reason: 'CreateContainerConfigError' } }, ''),
        report('c', 'three', '1', { terminated: { exitCode: 128, reason: 'StartError' } }),
      ],
      {},
    ],
  ])('%s', (_sentence, events, found) => {
    expect(twice(events)).toEqual(found)
  })
})

describe('the audit log', () => {
  it('is read from a position, without a last line that is still being written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'specyard-audit-'))
    try {
      const auditLog = join(folder, 'audit.log')
      const [first, second] = [JSON.stringify({ auditID: 'first' }), JSON.stringify({ auditID: 'second' })]
      writeFileSync(auditLog, `${first}\n${second}\n{"auditID":"thi`)
      const cluster = { auditLog } as Cluster
      expect(readAudit(cluster).map(({ auditID }) => auditID)).toEqual(['first', 'second'])
      expect(readAudit(cluster, first.length + 1).map(({ auditID }) => auditID)).toEqual(['second'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
