import { expect, it } from 'vitest'
import { readLedger } from '../../domain/ledger-files.ts'
import type { Deployed } from '../../domain/publication.ts'
import { compileTexts, deployedAfter, nothing, perform, publishTexts, training } from '../support/compiler.ts'

const environments = (deployed: Deployed) => readLedger(deployed.files).environments
const key = { environment: 'dev', project: 'language', name: 'letters' }

it('the ledger says of each environment where it runs', () => {
  expect(environments(publishTexts([]))).toEqual([
    { format: 1, environment: 'dev', cluster: 'local', context: null, namespaces: {} },
    {
      format: 1,
      environment: 'prod',
      cluster: 'kubernetes',
      context: 'prod',
      namespaces: { language: 'ml-language' },
    },
  ])
})

it('an environment that is no longer defined is remembered until its last run has ended and is retired', () => {
  const began = publishTexts([training()])
  const removed = deployedAfter(began, compileTexts([], began, '').change)
  expect(environments(removed)).toMatchObject([{ environment: 'dev', cluster: 'local' }])
  const runId = readLedger(removed.files).runs[0]?.runs[0]?.id ?? ''
  const { deployed, results } = perform(removed, {
    kind: 'conclude',
    key,
    runId,
    outcome: 'CANCELLED',
  })
  expect(results).toMatchObject([{ applied: true }])
  expect(environments(deployedAfter(deployed, compileTexts([], deployed, '').change))).toEqual([])
})

it('a definition that is broken publishes nothing, so what the ledger says stays', () => {
  const began = publishTexts([training()], nothing)
  const broken = 'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: dev }\nspec: { cluster: locl }\n'
  expect(compileTexts([], began, broken).change.size).toBe(0)
})
