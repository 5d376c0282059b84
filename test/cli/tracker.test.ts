import { describe, expect, it } from 'vitest'
import { openTracker } from '../../cli/house/tracker.ts'

function opened(environment: Readonly<Record<string, string>>): { address: string | undefined; warned: string } {
  const warnings: string[] = []
  const source = openTracker(environment, (message) => warnings.push(message))
  return { address: source?.address, warned: warnings.join('\n') }
}

describe('the tracker of this process', () => {
  it('is none where no address is set, which is worth no word', () => {
    expect(opened({})).toEqual({ address: undefined, warned: '' })
    expect(opened({ MLFLOW_TRACKING_URI: '' })).toEqual({ address: undefined, warned: '' })
  })

  it('is the server at the address', () => {
    const environment = { MLFLOW_TRACKING_URI: 'https://anna:secret@mlflow.example.com/ml/' }
    expect(opened(environment)).toEqual({ address: 'https://mlflow.example.com/ml', warned: '' })
  })

  it.each(['sqlite:///mlflow.db', './mlruns', 'databricks'])(
    'is none at %s, as many shells have it: that is told and stops nothing',
    (uri) => {
      const { address, warned } = opened({ MLFLOW_TRACKING_URI: uri })
      expect(address).toBeUndefined()
      expect(warned).toMatch(
        /^MLFLOW_TRACKING_URI .* runs are not linked to MLflow\. write the address of the tracking server/,
      )
    },
  )

  it('with a token that no header may have is none, and the token is not repeated', () => {
    const { warned } = opened({ MLFLOW_TRACKING_URI: 'http://mlflow', MLFLOW_TRACKING_TOKEN: 'secret\u00e9' })
    expect(warned).toContain('MLFLOW_TRACKING_TOKEN')
    expect(warned).not.toContain('secret')
  })
})
