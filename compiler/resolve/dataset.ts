import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { Variable, Volume } from '../../domain/plan.ts'
import type { Dataset, TrainingJob } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import { namesOf, referenceHint } from './catalogue.ts'
import type { Place, Resolving } from './place.ts'

type Written = TrainingJob['spec']

const defaultSplits = { train: 0.8, validation: 0.1, test: 0.1 }

export interface ResolvedDataset {
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
  readonly block: JsonObject
}

/** Finds the dataset of a training and says how its container reaches it. */
export function resolveDataset(written: Written, place: Place | undefined, resolving: Resolving): ResolvedDataset {
  const { ref } = written.dataset
  const splits = written.dataset.splits ?? defaultSplits
  const sum = splits.train + splits.validation + splits.test
  if (Math.abs(sum - 1) > 1e-9) {
    resolving.problems.push(
      problem(
        'SPLITS_SUM',
        resolving.at.locate('/spec/dataset/splits'),
        `the splits add up to ${Number(sum.toFixed(9))}, not to 1`,
        {
          hint: 'for example train: 0.8, validation: 0.1, test: 0.1',
        },
      ),
    )
  }
  const dataset = resolving.catalogue.datasets.get(`${resolving.project}/${ref}`)
  const nothing = { variables: [], volumes: [], block: {} }
  if (!dataset && resolving.catalogue.isBroken('Dataset', resolving.project, ref)) return nothing
  if (!dataset) {
    const known = namesOf(resolving.catalogue.datasets, resolving.project)
    resolving.problems.push(
      problem(
        'DATASET_UNKNOWN',
        resolving.at.locate('/spec/dataset/ref'),
        `project "${resolving.project}" has no dataset "${ref}"`,
        {
          hint: referenceHint(ref, known, 'Dataset'),
        },
      ),
    )
    return nothing
  }
  const { uri, format, digest } = dataset.value.spec
  const isFolder = place?.cluster === 'local' && !/^[a-z][a-z0-9+.-]*:\/\//.test(uri)
  noteDataset(dataset.value.spec, isFolder, written, resolving)
  return {
    variables: [
      { name: 'DATASET_ID', value: ref },
      { name: 'DATASET_URI', value: isFolder ? 'dataset' : uri },
      { name: 'DATASET_FORMAT', value: format },
      { name: 'DATASET_DIGEST', value: digest ?? '' },
    ],
    volumes: isFolder ? [{ name: 'dataset', source: { hostPath: uri }, mountPath: 'dataset', readOnly: true }] : [],
    block: blockOf(dataset.value.spec, written),
  }
}

/** What a trainer is told of its data. */
function blockOf({ uri, format, digest, version }: Dataset['spec'], { dataset }: Written): JsonObject {
  const block: Record<string, Json> = { name: dataset.ref, uri, format }
  if (digest !== undefined) block['digest'] = digest
  if (version !== undefined) block['version'] = version
  block['splits'] = { ...(dataset.splits ?? defaultSplits) }
  block['augmentation'] = { ...dataset.augmentation } as JsonObject
  return block
}

/** What stands under `dataset` comes from the document of that name, but for what the spec itself says of it. */
function noteDataset(dataset: Dataset['spec'], isFolder: boolean, written: Written, { origins }: Resolving): void {
  if (!origins) return
  const { ref, splits, augmentation } = written.dataset
  const block = '/training/dataset'
  const fromDataset = (target: string, key: string): void =>
    origins.note(target, { from: 'reference', kind: 'Dataset', name: ref, pointer: `/spec/${key}` })
  const fromTraining = (target: string, key: string, isWritten = true): void =>
    origins.note(target, isWritten ? { from: 'spec', pointer: `/spec/dataset/${key}` } : { from: 'default' })
  for (const key of ['uri', 'format', 'digest', 'version']) fromDataset(`${block}/${key}`, key)
  fromTraining(`${block}/name`, 'ref')
  fromTraining(`${block}/splits`, 'splits', splits !== undefined)
  fromTraining(`${block}/augmentation`, 'augmentation', augmentation !== undefined)
  fromTraining('/variables/DATASET_ID', 'ref')
  fromDataset('/variables/DATASET_FORMAT', 'format')
  if (dataset.digest === undefined) origins.note('/variables/DATASET_DIGEST', { from: 'default' })
  else fromDataset('/variables/DATASET_DIGEST', 'digest')
  if (!isFolder) return fromDataset('/variables/DATASET_URI', 'uri')
  origins.note('/variables/DATASET_URI', { from: 'default' })
  origins.note('/volumes/dataset', { from: 'default' })
  fromDataset('/volumes/dataset/source', 'uri')
}
