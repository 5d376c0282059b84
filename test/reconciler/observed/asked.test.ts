import { describe, expect, it } from 'vitest'
import { askedOfJob, gpusOfPod, podsNeeded } from '../../../reconciler/observed/asked.ts'
import { withoutObjects } from '../../../reconciler/observed/messages.ts'
import { asked } from '../../support/observed.ts'

const pod = (...limits: readonly object[]) => ({ containers: limits.map((one) => ({ resources: { limits: one } })) })

describe('GPUs of a pod', () => {
  it.each([
    ['of one container', pod({ 'nvidia.com/gpu': 8 }), 8],
    ['written as text', pod({ 'nvidia.com/gpu': '2' }), 2],
    ['of several containers together', pod({ 'nvidia.com/gpu': 1 }, { 'amd.com/gpu': 1 }), 2],
    ['parts of one', pod({ 'nvidia.com/mig-1g.5gb': 2 }), 2],
    ['of other makers', pod({ 'habana.ai/gaudi': 4, 'google.com/tpu': 4, 'aws.amazon.com/neuron': 1 }), 9],
    ['none where only memory is asked for', pod({ memory: '1Gi', 'example.com/gpu-memory': 0 }), 0],
    ['none of what is no pod', 'nonsense', 0],
  ])('%s', (_sentence, spec, gpus) => {
    expect(gpusOfPod(spec)).toBe(gpus)
  })

  it('are counted for all pods at once', () => {
    const container = { resources: { limits: { 'nvidia.com/gpu': 8 } } }
    expect(asked({ spec: { parallelism: 4, completions: 4 }, container }).gpus).toBe(32)
  })
})

describe('what a Job asks for', () => {
  it('of anything at all is what Kubernetes takes when nothing is said', () => {
    for (const spec of [undefined, null, 'text', 3, [], {}])
      expect(askedOfJob(spec)).toMatchObject({ parallelism: 1, completions: null, backoffLimit: 6, gpus: 0 })
  })

  it('holds no value of a variable', () => {
    const kept = asked({ container: { env: [{ name: 'TOKEN', value: 's3cret' }] } })
    expect(JSON.stringify([...kept.fixed])).not.toContain('s3cret')
    expect([...kept.fixed.keys()]).toContain('/spec/template/spec/containers/main/env/TOKEN')
  })

  it('needs no more pods than are to complete', () => {
    expect(podsNeeded({ parallelism: 4, completions: 2 })).toBe(2)
    expect(podsNeeded({ parallelism: 4, completions: null })).toBe(4)
    expect(podsNeeded({ parallelism: 0, completions: null })).toBe(1)
  })
})

describe('a message of Argo CD', () => {
  it.each([
    ['without objects stays as it is', 'field is immutable', 'field is immutable'],
    ['loses an object', 'a {"b": {"c": 1}} d', 'a {…} d'],
    ['loses an object with braces in its texts', String.raw`a {"b": "}\"} x"} d`, 'a {…} d'],
    ['loses an object that never ends', 'a {"b": 1', 'a {…}'],
    ['is one line', 'a\n  b', 'a b'],
  ])('%s', (_sentence, message, shown) => {
    expect(withoutObjects(message)).toBe(shown)
  })
})
