import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { ApiObject } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'
import { seenDeployment } from '../../../reconciler/sources/kubernetes/projection/serving/deployment.ts'
import { seenInferenceService } from '../../../reconciler/sources/kubernetes/projection/serving/inference-service.ts'
import { seenRayService } from '../../../reconciler/sources/kubernetes/projection/serving/ray-service.ts'
import { root } from '../../support/charts.ts'

/** An object of the folder that `test/charts/render.services.test.ts` holds to what Helm makes. */
function rendered(name: string, kind: string): ApiObject {
  const text = readFileSync(join(root, 'test', 'charts', 'golden', name, 'rendered.yaml'), 'utf8')
  const objects = parseAllDocuments(text).map((one) => one.toJS() as (ApiObject & { kind: string }) | null)
  const found = objects.find((one) => one?.kind === kind)
  if (!found) throw new Error(`the golden folder ${name} has no ${kind}`)
  return found
}

it.each([
  ['a Deployment', seenDeployment(rendered('prod', 'Deployment'))?.endpoint, 3],
  ['a RayService', seenRayService(rendered('ray', 'RayService'))?.endpoint, 3],
  ['an InferenceService', seenInferenceService(rendered('standard', 'InferenceService'))?.endpoint, null],
  ['an InferenceService of Knative', seenInferenceService(rendered('knative', 'InferenceService'))?.endpoint, null],
] as const)(
  '%s of the chart says which model it serves, and its release where that costs no pod',
  (_kind, seen, revision) => {
    expect(seen).toMatchObject({ revision })
    expect(seen?.modelDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
  },
)
