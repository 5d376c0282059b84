import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mlflowAddress } from '../../../reconciler/sources/mlflow/address.ts'
import { listedFile, metricValue, trackerRun } from '../../../reconciler/sources/mlflow/answers.ts'
import { thinned } from '../../../reconciler/sources/mlflow/history.ts'
import { pointRow } from '../../../records/postgres/trackers.ts'

const server = 'http://mlflow.example.com'
const info = { run_id: 'r1', experiment_id: '7', status: 'RUNNING', start_time: 1_795_246_666_103 }
const metric = (key: string, value: unknown) => ({ key, value, timestamp: 1, step: 0 })

describe('an answer of MLflow', () => {
  it('gives a run with its tags, params and newest metrics', () => {
    const data = {
      metrics: [metric('loss', 1.5), metric('lost', 'NaN'), metric('endless', 1.7976931348623157e308)],
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 'mlflow.parentRunId', value: 'r0' }],
    }
    expect(trackerRun({ info: { ...info, artifact_uri: 's3://user:secret@bucket/a' }, data }, server)).toEqual({
      ...{ id: 'r1', experimentId: '7', status: 'RUNNING', startedAt: new Date(1_795_246_666_103), endedAt: null },
      ...{ artifactUri: 's3://bucket/a', url: `${server}/#/experiments/7/runs/r1`, parentId: 'r0' },
      ...{ tags: { 'mlflow.parentRunId': 'r0' }, params: { lr: '0.1' }, metrics: { loss: 1.5 } },
    })
  })

  it('gives whole numbers that are written as text', () => {
    expect(metricValue({ value: 2, step: '40', timestamp: '1000' })).toEqual({ value: 2, step: 40, at: new Date(1000) })
  })

  it.each([
    ['no status', { info: { ...info, status: undefined } }],
    ['a status that MLflow does not know', { info: { ...info, status: 'DREAMING' } }],
    ['no id', { info: { ...info, run_id: '' } }],
    ['a list', []],
    ['nothing', null],
  ])('with %s is no run', (_, answer) => {
    expect(trackerRun(answer, server)).toBeUndefined()
  })

  it('of whatever form never throws, and gives only finite numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const run = trackerRun({ info, data: { metrics: value, params: value, tags: value } }, server)
        expect(Object.values(run?.metrics ?? {}).every(Number.isFinite)).toBe(true)
        metricValue(value)
        listedFile(value)
      }),
    )
  })
})

describe('the course of a metric', () => {
  it('that is too long keeps its first point, its last and the rest evenly', () => {
    const items = Array.from({ length: 1001 }, (_, index) => index)
    const kept = thinned(items, 100)
    expect(kept.length).toBeLessThanOrEqual(100)
    expect([kept[0], kept[1], kept.at(-1)]).toEqual([0, 11, 1000])
    expect(thinned(items, 1001)).toBe(items)
  })

  it('never keeps more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 2, max: 500 }), (length, most) => {
        const items = Array.from({ length }, (_, index) => index)
        const kept = thinned(items, most)
        expect(kept.length).toBeLessThanOrEqual(Math.max(most, 0))
        expect(kept.at(-1)).toBe(items.at(-1))
      }),
    )
  })

  it('is put into the columns that hearts beat into, and keeps its name elsewhere', () => {
    const at = new Date(0)
    const values = { loss: 1, train_loss: 2, eval_loss: 3, epoch: 4, accuracy: 5, perplexity: 6, constructor: 7 }
    expect(pointRow({ step: 9, values, at })).toEqual({
      ...{ step: 9, train_loss: 1, val_loss: 3, epoch: 4, train_accuracy: 5, recorded_at: at },
      extra_metrics: { train_loss: 2, perplexity: 6, constructor: 7 },
    })
    expect(pointRow({ step: 9, values: { epoch: 0.5 }, at })).toMatchObject({ extra_metrics: { epoch: 0.5 } })
  })
})

describe('the address of an MLflow server', () => {
  it('is taken without its slash and without credentials, which go into a header', () => {
    expect(mlflowAddress({ uri: 'https://anna:se%3Acret@ml.example.com/mlflow/' })).toEqual({
      url: 'https://ml.example.com/mlflow',
      authorization: `Basic ${Buffer.from('anna:se:cret').toString('base64')}`,
      secrets: ['se:cret', Buffer.from('anna:se:cret').toString('base64')],
    })
  })

  it('takes user and password before a token, as MLflow’s own client does', () => {
    const both = mlflowAddress({ uri: 'http://ml', username: 'anna', password: 'secret', token: 'token' })
    expect(both.authorization).toMatch(/^Basic /)
    expect(mlflowAddress({ uri: 'http://ml', username: 'anna', token: 'token' }).authorization).toBe('Bearer token')
    expect(mlflowAddress({ uri: 'http://ml' }).authorization).toBeNull()
  })

  it.each([['sqlite:///mlflow.db'], ['file:///mlruns'], ['databricks'], ['./mlruns'], ['']])(
    'that is %s is none',
    (uri) => {
      expect(() => mlflowAddress({ uri })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }))
    },
  )

  it('with a token that no header may have is refused without repeating it', () => {
    expect(() => mlflowAddress({ uri: 'http://ml', token: 'secret\nx' })).toThrow(/characters that no header may have$/)
  })
})
