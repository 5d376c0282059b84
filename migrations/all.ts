import type { Migration } from 'kysely'
import * as projectsAndDatasets from './0001_projects_and_datasets.ts'
import * as trainingJobs from './0002_training_jobs.ts'
import * as callbacks from './0003_callbacks.ts'
import * as modelsAndServing from './0004_models_and_serving.ts'
import * as publicationsAndActions from './0005_publications_and_actions.ts'
import * as fenceAndRetention from './0006_fence_and_retention.ts'
import * as trackerLinks from './0007_tracker_links.ts'
import * as places from './0008_places.ts'
import * as lifecycle from './0009_lifecycle.ts'
import * as merges from './0010_merges.ts'
import * as mergedPulls from './0011_merged_pulls.ts'

/** Every migration by its name, in order. Named here one by one because the product is bundled; frozen once merged. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_projects_and_datasets': projectsAndDatasets,
  '0002_training_jobs': trainingJobs,
  '0003_callbacks': callbacks,
  '0004_models_and_serving': modelsAndServing,
  '0005_publications_and_actions': publicationsAndActions,
  '0006_fence_and_retention': fenceAndRetention,
  '0007_tracker_links': trackerLinks,
  '0008_places': places,
  '0009_lifecycle': lifecycle,
  '0010_merges': merges,
  '0011_merged_pulls': mergedPulls,
}
