import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallbackKnowledge, decideCallbacks } from '../../records/callbacks/decide.ts'
import type { CallbackMessage, CallbackOutcome } from '../../records/records.ts'
import { done, heartbeat, trainerEvent } from '../support/records.ts'

const run = '5b7562c8-c4fa-408e-bf04-e54f27381970'
const knownRun: CallbackKnowledge = {
  runs: new Map([[run, { state: 'RUNNING', attempt: 1 }]]),
  hashes: new Map(),
  pods: [],
}

function outcomes(messages: readonly CallbackMessage[], known = knownRun): readonly CallbackOutcome[] {
  return decideCallbacks(messages, known).map(({ outcome }) => outcome)
}

type HeartbeatMessage = Extract<CallbackMessage, { kind: 'heartbeat' }>

function stepless(...sent: Parameters<typeof heartbeat>): HeartbeatMessage {
  const message = heartbeat(...sent) as HeartbeatMessage
  return { ...message, body: { ...message.body, step: null } }
}

function ordered(message: CallbackMessage): CallbackMessage {
  return { ...(message as HeartbeatMessage), newestBy: 'sequence' }
}

describe('a batch of callbacks', () => {
  const pod = { runId: run, attempt: 1, podUid: 'pod-1', number: 1, sequence: 5, step: 50 }
  it.each<[string, Partial<CallbackKnowledge>, CallbackMessage, CallbackOutcome]>([
    ['a first heartbeat', {}, heartbeat(run, {}), 'stored'],
    ['a heartbeat of a further step', { pods: [pod] }, heartbeat(run, { sequence: 6, step: 51 }), 'stored'],
    ['a heartbeat of the same step said later', { pods: [pod] }, heartbeat(run, { sequence: 6, step: 50 }), 'stored'],
    ['a heartbeat of the same step said earlier', { pods: [pod] }, heartbeat(run, { sequence: 4, step: 50 }), 'stale'],
    ['a heartbeat of a smaller step', { pods: [pod] }, heartbeat(run, { sequence: 6, step: 49 }), 'stale'],
    [
      'a heartbeat of an ended run',
      { runs: new Map([[run, { state: 'SUCCEEDED', attempt: 1 }]]) },
      heartbeat(run, {}),
      'stale',
    ],
    [
      'a heartbeat of an earlier attempt',
      { runs: new Map([[run, { state: 'RUNNING', attempt: 2 }]]) },
      heartbeat(run, {}),
      'stale',
    ],
    ['a heartbeat of an attempt that the record does not know yet', {}, heartbeat(run, { attempt: 2 }), 'stored'],
    [
      'a late event of an ended run',
      { runs: new Map([[run, { state: 'FAILED', attempt: 3 }]]) },
      trainerEvent(run, {}),
      'stored',
    ],
    ['a heartbeat without a step said later', { pods: [pod] }, stepless(run, { sequence: 6 }), 'stored'],
    ['a heartbeat without a step said earlier', { pods: [pod] }, stepless(run, { sequence: 4 }), 'stale'],
    [
      'a heartbeat of a smaller step, said later by a trainer whose steps may begin again',
      { pods: [pod] },
      ordered(heartbeat(run, { sequence: 6, step: 1 })),
      'stored',
    ],
    [
      'a heartbeat of a further step, said earlier by a trainer whose steps may begin again',
      { pods: [pod] },
      ordered(heartbeat(run, { sequence: 4, step: 51 })),
      'stale',
    ],
    ['a message of nobody', { runs: new Map() }, done(run, {}), 'unknown-run'],
  ])('takes %s', (_, known, message, outcome) => {
    expect(outcomes([message], { ...knownRun, ...known })).toEqual([outcome])
  })

  it('places a heartbeat without a step where its pod stands by then, at 0 where nothing was said', () => {
    const sent = [
      stepless(run, { sequence: 1 }),
      heartbeat(run, { sequence: 2, step: 7 }),
      stepless(run, { sequence: 3 }),
      stepless(run, { sequence: 1, podUid: 'pod-2' }),
    ]
    const steps = decideCallbacks(sent, knownRun).map(
      ({ message }) => message.kind === 'heartbeat' && message.body.step,
    )
    expect(steps).toEqual([0, 7, 7, 0])
  })

  const messages = fc.array(
    fc.record({
      sequence: fc.integer({ min: 1, max: 4 }),
      step: fc.integer({ min: 0, max: 5 }),
      podUid: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom('heartbeat', 'event'),
    }),
    { maxLength: 30 },
  )

  it('has one effect for each key, whatever is sent how often: the first of a key is kept, all others are told', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const batch = sent.map(({ kind, ...one }) => (kind === 'event' ? trainerEvent(run, one) : heartbeat(run, one)))
        const decided = decideCallbacks(batch, knownRun)
        const kept = decided.filter(({ outcome }) => outcome === 'stored' || outcome === 'stale')
        const keys = new Set(sent.map(({ kind, podUid, sequence }) => `${kind} ${podUid} ${sequence}`))
        expect(kept).toHaveLength(keys.size)
        for (const { message, outcome } of decided) {
          const first = kept.find(
            (one) =>
              one.message.kind === message.kind &&
              one.message.sender.podUid === message.sender.podUid &&
              one.message.sender.sequence === message.sender.sequence,
          )?.message
          if (outcome === 'repeated') expect(first?.bodyHash).toBe(message.bodyHash)
          if (outcome === 'conflict') expect(first?.bodyHash).not.toBe(message.bodyHash)
        }
      }),
    )
  })

  it('lets the live step of one pod only grow', () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const steps = decideCallbacks(
          sent.map((one) => heartbeat(run, { ...one, podUid: 'a' })),
          knownRun,
        )
          .filter(({ outcome }) => outcome === 'stored')
          .map(({ message }) => (message.kind === 'heartbeat' ? message.body.step : -1))
        expect(steps).toEqual([...steps].sort((left, right) => left - right))
      }),
    )
  })
})
