import { sql } from 'kysely'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { TraceHit, TraceRecords } from '../records.ts'
import { isUuid } from './run-rows.ts'

/** Newest first; a commit that published thousands of specs is found by a narrower text. */
const hitsMax = 100

export function traceRecords(db: Database): TraceRecords {
  return {
    find: async (text) => {
      const wanted = wantedBy(text)
      if (wanted === undefined) return []
      const { rows } = await statement(wanted).execute(db)
      return rows
    },
  }
}

interface Wanted {
  readonly text: string
  /** The text where it is a UUID. */
  readonly uuid: string | null
  /** `<digits>%` for a commit or digest, where the text is hexadecimal and long enough to mean one. */
  readonly hexPrefix: string | null
  /** The same for a model's digest, which begins with `sha256:`. */
  readonly digestPrefix: string | null
  /** The digest where the text names an image. */
  readonly imageDigest: string | null
  readonly specPath: string
  readonly specLine: number | null
  /** The Job whose pod has this name. */
  readonly jobOfPod: string | null
  readonly project: string | null
  readonly model: string | null
  readonly modelVersion: number | null
}

function wantedBy(given: string): Wanted | undefined {
  const text = storableText(given.trim())
  if (text === '') return undefined
  const hex = /^(?:sha256:)?([0-9a-f]{7,64})$/i.exec(text)?.[1]?.toLowerCase()
  const place = /^(.+?):(\d{1,9})(?::\d+)?$/.exec(text)
  const version = /^(?:([^/@]+)\/)?([^/@]+)@v?(\d{1,9})$/.exec(text)
  return {
    text,
    uuid: isUuid(text) ? text.toLowerCase() : null,
    hexPrefix: hex === undefined || text.startsWith('sha256:') ? null : `${hex}%`,
    digestPrefix: hex === undefined ? null : `sha256:${hex}%`,
    imageDigest: /^(?:.+@)?(sha256:[0-9a-f]{64})$/.exec(text)?.[1] ?? null,
    specPath: place?.[1] ?? text,
    specLine: place?.[2] === undefined ? null : Number(place[2]),
    // Kubernetes names pods <job>-<5 characters>, of an Indexed Job <job>-<index>-<5 characters>.
    jobOfPod: /^(.+-[0-9a-f]{8,64}-\d+)(?:-\d+)?-[a-z0-9]+$/.exec(text)?.[1] ?? null,
    project: version?.[1] ?? null,
    model: version?.[2] ?? null,
    modelVersion: version?.[3] === undefined ? null : Number(version[3]),
  }
}

/** One statement for all nouns; every branch is an index look-up. */
function statement(wanted: Wanted) {
  const kinds = [runs(wanted), versions(wanted), endpoints(wanted), publications(wanted)]
  return sql<TraceHit>`${sql.join(kinds, sql` union all `)}`
}

function runs({ text, uuid, hexPrefix, specPath, specLine, jobOfPod, imageDigest }: Wanted) {
  const withPod = (fields: Readonly<Record<string, string>>) => sql`pods @> ${jsonText([fields])}::jsonb`
  const attempts = sql`select job_id from training_job_attempts`
  return sql`(select 'run' as kind, job.id::text as id
    from training_jobs job join projects project on project.id = job.project_id
    where job.deleted_at is null and job.id in (
      select id from training_jobs where id = ${uuid}::uuid or trace_id = ${uuid}::uuid or name = ${text}
        or tracker_run_id = ${text}::text
      union select id from training_jobs where spec_path = ${specPath}::text
        and (${specLine}::integer is null or spec_line = ${specLine}::integer)
      union select id from training_jobs where source_commit like ${hexPrefix}::text or digest like ${hexPrefix}::text
      union select job.id from training_jobs job join projects on projects.id = job.project_id
        where job.environment = split_part(${text}::text, '/', 1) and projects.name = split_part(${text}::text, '/', 2)
          and job.name = split_part(${text}::text, '/', 3)
      union ${attempts} where job_name in (${text}::text, ${jobOfPod}::text) or job_uid = ${text}::text
      union ${attempts} where evidence ->> 'podUid' = ${text}::text or evidence ->> 'podName' = ${text}::text
      union ${attempts} where applied_revision like ${hexPrefix}::text
      union ${attempts} where ${withPod({ name: text })} or ${withPod({ uid: text })} or ${withPod({ node: text })}
        or ${withPod({ imageDigest: imageDigest ?? text })}
      union select job_id from training_job_heartbeats where pod_uid = ${text}::text
      union select job_id from training_job_tracker_runs where tracker_run_id = ${text}::text
    ) order by job.created_at desc, job.id limit ${hitsMax})`
}

function versions({ text, digestPrefix, project, model, modelVersion }: Wanted) {
  return sql`(select 'model-version', projects.name || '/' || entry.name || '@' || version.version
    from model_versions version
    join model_catalog_entries entry on entry.id = version.model_entry_id
    join projects on projects.id = entry.project_id
    where version.digest like ${digestPrefix}::text or version.artifact_path = ${text}::text
      or (version.version = ${modelVersion}::integer and entry.name = ${model}::text
        and (${project}::text is null or projects.name = ${project}::text))
    order by version.created_at desc, version.id limit ${hitsMax})`
}

function endpoints({ text, uuid, digestPrefix, specPath, specLine }: Wanted) {
  return sql`(select 'endpoint', endpoint.environment || '/' || projects.name || '/' || endpoint.name
    from serving_endpoints endpoint join projects on projects.id = endpoint.project_id
    where endpoint.deleted_at is null and (endpoint.id = ${uuid}::uuid or endpoint.name = ${text}::text
      or endpoint.model_digest like ${digestPrefix}::text
      or (endpoint.spec_path = ${specPath}::text
        and (${specLine}::integer is null or endpoint.spec_line = ${specLine}::integer))
      or endpoint.environment || '/' || projects.name || '/' || endpoint.name = ${text}::text)
    order by endpoint.updated_at desc, endpoint.id limit ${hitsMax})`
}

function publications({ text, hexPrefix }: Wanted) {
  return sql`(select 'publication', commit from publications
    where commit like ${hexPrefix}::text or source_commit like ${hexPrefix}::text or request_id = ${text}::text
      or merge_commit like ${hexPrefix}::text or subjects @> array[${text}::text]
    order by id desc limit ${hitsMax})`
}
