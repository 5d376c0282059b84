import type { ModelPorts } from '../../api/models/ports.ts'
import { loadDocuments } from '../../compiler/load/document.ts'
import { specArtifacts } from '../../reconciler/sources/registry.ts'
import type { Opened } from '../house/open.ts'
import { readModelSpec } from './model-spec.ts'
import { registryMilliseconds } from './register.ts'
import { findNamedRun } from './runs.ts'

type Attached = Awaited<ReturnType<ModelPorts['attach']>>

/** Logs the specs as artifacts of a run of the tracker, each only where it can be read. */
export async function attachSpecs(
  { records, registry }: Pick<Opened, 'records' | 'registry'>,
  name: string,
  specs: { readonly model: string | null; readonly endpoint: string | null },
): Promise<Attached> {
  if (!registry) return refused('no tracker is connected', 'set MLFLOW_TRACKING_URI')
  if (specs.model === null && specs.endpoint === null)
    return refused('there is nothing to log', 'name --model-spec, --endpoint-spec or both')
  const signal = AbortSignal.timeout(registryMilliseconds)
  const { tracked } = await findNamedRun(records, registry, name, signal)
  if (!tracked) return refused(`no run of the tracker is ${name}, or linked to it`, 'name one by its id in the tracker')
  const model = specs.model === null ? undefined : readModelSpec(specs.model, 'the Serving Model Spec')
  const endpoint = specs.endpoint === null ? undefined : readEndpointSpec(specs.endpoint)
  const problems = [...(model?.problems ?? []), ...(endpoint?.problems ?? [])]
  if (problems.length > 0) return { kind: 'problems', problems }
  const artifacts: string[] = []
  for (const kind of ['model', 'endpoint'] as const) {
    const text = specs[kind]
    if (text === null) continue
    await registry.writeArtifact(tracked.id, specArtifacts[kind], text, signal)
    artifacts.push(specArtifacts[kind])
  }
  return { artifacts, url: tracked.url }
}

/** Whether it can be read at all; what it means is judged beside the specs that are there when it is deployed. */
function readEndpointSpec(text: string) {
  return loadDocuments({ path: 'the Serving Endpoint Spec', bytes: new TextEncoder().encode(text) })
}

function refused(message: string, hint: string): Attached {
  return { kind: 'refused', message, hint }
}
