import { describe, expect, it } from 'vitest'
import { renderJob } from '../../compiler/render/job.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { compileTexts, training } from '../support/compiler.ts'
import { environmentWith, variablesOf } from '../support/mlflow/training.ts'

function planOf(tracker: string, more = ''): TrainingPlan {
  const { problems, impact } = compileTexts([training('letters', more)], undefined, environmentWith(tracker))
  expect(problems).toEqual([])
  return impact.starts[0] as TrainingPlan
}

const mlflowOf = (plan: TrainingPlan) =>
  Object.fromEntries(plan.variables.filter(({ name }) => name.startsWith('MLFLOW_')).map((one) => [one.name, one]))

const url = 'http://mlflow.mlflow.svc:5000'

describe('a tracker of an environment', () => {
  it('gives trainers its address, an experiment of their own and the tags of their attempt', () => {
    const plan = planOf(`{ url: "${url}/" }`)
    expect(plan.tracker).toEqual({ kind: 'mlflow', url, experiment: 'language/letters' })
    expect(mlflowOf(plan)).toEqual({
      MLFLOW_TRACKING_URI: { name: 'MLFLOW_TRACKING_URI', value: url },
      MLFLOW_EXPERIMENT_NAME: { name: 'MLFLOW_EXPERIMENT_NAME', value: 'language/letters' },
    })
    const manifest = renderJob(plan, { attempt: 2, checkpointUri: null })
    const tags = {
      'specyard.attempt': '2',
      'specyard.environment': 'dev',
      'specyard.job_id': plan.id,
      'specyard.name': 'letters',
      'specyard.project': 'language',
      'specyard.trace_id': plan.traceId,
    }
    expect(JSON.parse(variablesOf(manifest)['MLFLOW_RUN_CONTEXT'] ?? '')).toEqual(tags)
  })

  it('that is not there changes neither plan nor manifest', () => {
    const plan = planOf('')
    expect(Object.hasOwn(plan, 'tracker')).toBe(false)
    expect(renderJob(plan, { attempt: 1, checkpointUri: null })).not.toContain('MLFLOW')
  })

  it('that is added leaves the digest and the id of a run as they are', () => {
    const [without, with_] = [planOf(''), planOf(`{ url: "${url}" }`)]
    expect([with_.digest, with_.id]).toEqual([without.digest, without.id])
  })

  it('names Secrets, never what is in them', () => {
    expect(mlflowOf(planOf(`{ url: "${url}", credentialsSecret: ml, tokenSecret: gate }`))).toMatchObject({
      MLFLOW_TRACKING_USERNAME: { secret: 'ml', key: 'username' },
      MLFLOW_TRACKING_PASSWORD: { secret: 'ml', key: 'password' },
      MLFLOW_TRACKING_TOKEN: { secret: 'gate', key: 'token' },
    })
  })

  it('has the experiment that its environment names, or that the spec chooses', () => {
    expect(planOf(`{ url: "${url}", experiment: shared }`).tracker?.experiment).toBe('shared')
    const own = planOf(`{ url: "${url}" }`, '  env: { MLFLOW_EXPERIMENT_NAME: mine }')
    expect(own.tracker?.experiment).toBe('mine')
    expect(mlflowOf(own)['MLFLOW_EXPERIMENT_NAME']).toMatchObject({ value: 'mine' })
  })

  it('sets the address and the tags itself: a spec that does so too is told', () => {
    for (const name of ['MLFLOW_TRACKING_URI', 'MLFLOW_RUN_CONTEXT']) {
      const texts = [training('letters', `  env: { ${name}: x }`)]
      const { problems } = compileTexts(texts, undefined, environmentWith(`{ url: "${url}" }`))
      expect(problems.map(({ code }) => code)).toEqual(['VARIABLE_RESERVED'])
    }
  })

  it('has no credentials in its address', () => {
    const { problems } = compileTexts([training()], undefined, environmentWith('{ url: "http://anna:secret@mlflow" }'))
    expect(problems[0]?.where).toMatchObject({ file: 'specs/0.yaml', line: 4 })
  })
})
