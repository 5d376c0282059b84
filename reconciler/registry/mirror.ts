import type { LedgerModelVersion } from '../../domain/ledger.ts'
import type { Records } from '../../records/records.ts'
import { type ModelRegistry, registryTags, type RegistryVersion } from '../sources/registry.ts'

/** A model version of the ledger with the model that it is of. */
export interface Mirrored {
  readonly project: string
  readonly model: string
  readonly version: LedgerModelVersion
}

/**
 * Shows a model version of the ledger in a registry, under the registered model that has the name of its project. One that is shown there already,
 * by its digest, stays as it is.
 * @param trackerRunId the run of the tracker that it came from; null where it came from none
 * @throws Fault TRACKER_UNREACHABLE, TRACKER_REFUSED
 */
export async function mirrorVersion(
  records: Records,
  registry: ModelRegistry,
  { project, model, version }: Mirrored,
  trackerRunId: string | null,
  signal: AbortSignal,
): Promise<RegistryVersion> {
  await registry.addModel(project, `Models of project ${project}, as their ledger has them.`, signal)
  const there = await registry.model(project, signal)
  const known = there?.versions.find(
    ({ tags }) => tags[registryTags.digest] === version.digest && tags[registryTags.model] === model,
  )
  const shown =
    known ??
    (await registry.addVersion(
      {
        name: project,
        // The registry refuses addresses that it cannot judge, such as paths of its own machine.
        source: trackerRunId === null ? version.uri : `runs:/${trackerRunId}/model`,
        runId: trackerRunId,
        tags: {
          [registryTags.project]: project,
          [registryTags.model]: model,
          [registryTags.version]: String(version.version),
          [registryTags.digest]: version.digest,
        },
        description: `${model}@${version.version}`,
      },
      signal,
    ))
  await records.models.mirrored({ project, model, version: version.version }, shown)
  return shown
}
