import { describe, expect, it } from 'vitest'
import { heartbeatOfStatus, sequenceOfStatus, trainerStatus } from '../../api/callbacks/status.ts'

const metrics = (told: Readonly<Record<string, string>>) => ({
  metrics: Object.entries(told).map(([name, value]) => ({ name, value })),
})

describe('a trainer’s status as a heartbeat', () => {
  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['a step', { current_step: '40' }, { step: 40, metrics: {} }],
    ['a step as another framework calls it', { global_step: '40.0' }, { step: 40, metrics: {} }],
    ['no step', { loss: '1' }, { step: null, loss: 1, metrics: {} }],
    ['a step that is none', { current_step: '-1' }, { step: null, metrics: {} }],
    ['epochs', { currentEpoch: '2', totalEpochs: '5' }, { epoch: 2, totalEpochs: 5, metrics: {} }],
    ['where it is and what it logged last', { epoch: '1.0', current_epoch: '1.37' }, { epoch: 1.37, metrics: {} }],
    [
      'losses',
      { loss: '0.2347', eval_loss: '0.25' },
      { step: null, loss: 0.2347, validationLoss: 0.25, accuracy: null, validationAccuracy: null, metrics: {} },
    ],
    [
      'accuracies and loads',
      { accuracy: '0.9', eval_accuracy: '0.8', gpu_utilization: '93.5', memory_usage_gb: '7' },
      { accuracy: 0.9, validationAccuracy: 0.8, gpuUtilization: 93.5, memoryUsageGb: 7, metrics: {} },
    ],
    [
      'numbers of its own',
      { learning_rate: '5e-05', total_steps: '63' },
      { metrics: { learning_rate: 5e-5, total_steps: 63 } },
    ],
    [
      'what is no number',
      { loss: 'nan', grad_norm: 'inf', phase: 'warm-up', hex: '0x10', blank: ' ', huge: '1e999', none: 'None' },
      { loss: null, metrics: {} },
    ],
  ])('takes %s', (_what, told, heartbeat) => {
    expect(heartbeatOfStatus(metrics(told))).toMatchObject(heartbeat)
  })

  it('tells how far it is only where the trainer does', () => {
    const told = heartbeatOfStatus({ progressPercentage: 0, estimatedRemainingSeconds: 90 })
    expect(told).toMatchObject({ percentage: 0, remainingSeconds: 90 })
    expect(Object.keys(heartbeatOfStatus({ progressPercentage: null }))).not.toContain('percentage')
  })
})

describe('the sequence of a trainer’s status', () => {
  const arrived = new Date('2026-01-23T10:30:45.500Z')
  const at = (lastUpdatedTime: string | null) => sequenceOfStatus({ lastUpdatedTime }, arrived)

  it.each([
    ['whole seconds', '2026-01-23T10:30:45Z', '2026-01-23T10:30:45.000Z', 0],
    ['milliseconds', '2026-01-23T10:30:45.123Z', '2026-01-23T10:30:45.123Z', 0],
    ['microseconds, in another zone', '2026-01-23T12:30:45.123456+02:00', '2026-01-23T10:30:45.123Z', 456],
    ['nanoseconds', '2026-01-23T10:30:45.123456789Z', '2026-01-23T10:30:45.123Z', 456],
    ['a time long ago', '2025-01-23T10:30:45Z', '2025-01-23T10:30:45.000Z', 0],
    ['a time a little ahead of ours', '2026-01-23T10:31:40Z', '2026-01-23T10:31:40.000Z', 0],
    ['a time far ahead of ours: that of its arrival', '2031-01-23T10:30:45Z', '2026-01-23T10:30:45.500Z', 0],
    ['no time: that of its arrival', null, '2026-01-23T10:30:45.500Z', 0],
  ])('counts microseconds of %s', (_what, said, time, microseconds) => {
    expect(trainerStatus.safeParse({ lastUpdatedTime: said }).success).toBe(true)
    expect(at(said)).toBe(Date.parse(time) * 1000 + microseconds)
  })

  it('grows with the time that is said, and fits what the records hold', () => {
    const times = [
      '2026-01-23T10:30:41Z',
      '2026-01-23T10:30:41.000001Z',
      '2026-01-23T10:30:41.01Z',
      '2026-01-23T10:30:42Z',
    ]
    const sequences = times.map(at)
    expect([...sequences].sort((left, right) => left - right)).toEqual(sequences)
    expect(sequences.every(Number.isSafeInteger)).toBe(true)
    expect(new Set(sequences).size).toBe(times.length)
  })
})
