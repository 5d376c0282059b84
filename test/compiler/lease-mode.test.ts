import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderJob } from '../../compiler/render/job.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { compileTexts, training } from '../support/compiler.ts'

const plan = compileTexts([training()]).impact.starts[0] as TrainingPlan

interface Manifest {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly initContainers?: readonly unknown[]
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: object } }[]
        }[]
      }
    }
  }
}

function render(mode: TrainingPlan['lease']['mode']) {
  const lease = { ...plan.lease, mode }
  const { spec } = (parse(renderJob({ ...plan, lease }, { attempt: 1, checkpointUri: null })) as Manifest).spec.template
  const token = spec.containers[0]?.env.find((one) => one.name === 'CALLBACK_TOKEN')?.valueFrom?.secretKeyRef
  return { spec, token }
}

describe('a trainer', () => {
  it('that needs a lease does not start without its Secret', () => {
    const { spec, token } = render('required')
    expect(spec.initContainers).toHaveLength(1)
    expect(token).not.toHaveProperty('optional')
  })

  it('whose lease is optional starts without the Secret', () => {
    const { spec, token } = render('optional')
    expect(spec.initContainers).toBeUndefined()
    expect(token).toMatchObject({ key: 'token', optional: true })
  })
})
