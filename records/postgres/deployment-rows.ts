import { sql } from 'kysely'
import { deploymentLogMax, type ReleaseState } from '../../domain/deployment.ts'
import type { Endpoint, EndpointStatus } from '../../domain/endpoint.ts'
import { storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { Releases } from '../records.ts'

const lineCharactersMax = 1000

const deploymentStatus = {
  deploying: 'deploying',
  healthy: 'active',
  degraded: 'active',
  failed: 'failed',
} as const satisfies Record<EndpointStatus, string>
const healthStatus = {
  deploying: null,
  healthy: 'healthy',
  degraded: 'degraded',
  failed: 'unhealthy',
} as const satisfies Record<EndpointStatus, string | null>

/** What an endpoint's own record says of its release, where nothing more is known. */
export function releasesOf(endpoint: Endpoint): Releases {
  const { status, modelVersion, modelDigest, revision, reason, message, url } = endpoint
  if (status === 'waiting' || revision === 0 || modelVersion === null || modelDigest === null)
    return { releases: [], takenBack: false }
  const state = { status: deploymentStatus[status], health: healthStatus[status] }
  return {
    releases: [{ revision, modelVersion, modelDigest, ...state, reason, message, url, weight: null }],
    takenBack: false,
  }
}

/** One row for each release; those that are not open any more are followed by others, or were taken back. */
export async function putDeployments(
  db: Database,
  endpoint: { readonly id: string; readonly environment: string; readonly entry: string; readonly at: Date },
  { releases, takenBack }: Releases,
): Promise<void> {
  for (const release of releases) await putRelease(db, endpoint, release)
  const open = releases.map((one) => one.revision)
  const current = Math.max(0, ...open)
  await sql`
    update deployments set superseded_at = ${endpoint.at}, updated_at = now(), weight = null,
      status = case when ${takenBack} or revision > ${current} then 'rollback' else status end
    where serving_endpoint_id = ${endpoint.id} and superseded_at is null and revision is not null
      and not (revision = any(${open}::integer[]))`.execute(db)
}

async function putRelease(
  db: Database,
  { id, environment, entry, at }: { id: string; environment: string; entry: string; at: Date },
  release: ReleaseState,
): Promise<void> {
  // What was asked for over the API and has become this release stays the deployment that it was.
  await sql`
    update deployments set revision = ${release.revision}
    where id = (select id from deployments where serving_endpoint_id = ${id} and revision is null and status = 'pending'
        and model_digest = ${release.modelDigest} order by created_at, id limit 1)
      and not exists (select from deployments where serving_endpoint_id = ${id} and revision = ${release.revision})`.execute(
    db,
  )
  const reason = storableText(release.reason)
  const message = storableText(release.message)
  const isUp = release.status === 'active'
  const line = `${at.toISOString()} ${release.status}${reason && ` ${reason}`}${message && `: ${message}`}`
  const added = sql`to_jsonb(${line.slice(0, lineCharactersMax)}::text)`
  await sql`
    insert into deployments (serving_endpoint_id, revision, environment, model_entry_id, model_version, model_digest,
      status, health_status, endpoint, reason, message, weight, created_by, deployed_at, log)
    values (${id}, ${release.revision}, ${environment}, ${entry}, ${release.modelVersion}, ${release.modelDigest},
      ${release.status}, ${release.health}, ${release.url}, ${reason}, ${message}, ${release.weight}, 'specs',
      ${isUp ? at : null}, jsonb_build_array(${added}))
    on conflict (serving_endpoint_id, revision) do update set
      model_entry_id = excluded.model_entry_id, model_version = excluded.model_version,
      model_digest = excluded.model_digest, status = excluded.status, health_status = excluded.health_status,
      endpoint = excluded.endpoint, reason = excluded.reason, message = excluded.message, weight = excluded.weight,
      deployed_at = coalesce(deployments.deployed_at, excluded.deployed_at), superseded_at = null, updated_at = now(),
      log = case when (deployments.status, deployments.reason, deployments.message)
          = (excluded.status, excluded.reason, excluded.message) then deployments.log
        else (select coalesce(jsonb_agg(line order by number), '[]') from jsonb_array_elements(deployments.log)
          with ordinality as lines (line, number)
          where number > jsonb_array_length(deployments.log) - ${deploymentLogMax - 1}) || ${added} end`.execute(db)
}
