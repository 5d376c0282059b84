import { type Kysely, sql } from 'kysely'

const models = [
  `create table model_catalog_entries (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    family text,
    framework text,
    task_types text[] not null default '{}',
    description text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint model_catalog_entries_name_key unique (project_id, name)
  )`,
  'create index idx_model_catalog_entries_name on model_catalog_entries (name) where deleted_at is null',
  'create index idx_model_catalog_entries_task_types on model_catalog_entries using gin (task_types)',
  // run_id is no foreign key: versions come from the ledger, which may know runs that the records have lost.
  `create table model_versions (
    id uuid primary key default gen_random_uuid(),
    model_entry_id uuid not null references model_catalog_entries (id) on delete cascade,
    version integer not null check (version >= 1),
    digest text not null,
    artifact_path text not null,
    size_bytes bigint not null,
    stage varchar(20) not null check (stage in ('experimental', 'staging', 'production', 'archived')),
    framework text,
    hyperparameters jsonb not null default '{}',
    metrics jsonb not null default '{}',
    run_id uuid not null,
    run_attempt integer not null,
    run_environment text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint model_versions_version_key unique (model_entry_id, version),
    constraint model_versions_digest_key unique (model_entry_id, digest)
  )`,
  'create index idx_model_versions_digest on model_versions (digest text_pattern_ops)',
  'create index idx_model_versions_run_id on model_versions (run_id)',
  'create index idx_model_versions_metrics on model_versions using gin (metrics)',
  `create table prompt_templates (
    id uuid primary key default gen_random_uuid(),
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    template text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint prompt_templates_name_key unique (project_id, name)
  )`,
]

const serving = [
  `create table serving_endpoints (
    id uuid primary key default gen_random_uuid(),
    model_entry_id uuid not null references model_catalog_entries (id) on delete cascade,
    environment text not null,
    route text not null,
    status text check (status in ('deploying', 'healthy', 'degraded', 'failed')),
    min_replicas integer not null default 1,
    max_replicas integer not null default 1,
    created_at timestamptz not null default now(),
    runtime_image text,
    autoscale_policy jsonb,
    prompt_policy_id uuid references prompt_templates (id) on delete set null,
    use_gpu boolean,
    cpu_request text,
    cpu_limit text,
    memory_request text,
    memory_limit text,
    deployment_spec jsonb,
    last_health_check timestamptz,
    rollback_plan text,
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    reason text not null default '',
    message text not null default '',
    url text,
    framework text not null,
    model_version integer,
    model_digest text,
    spec_path text not null,
    spec_line integer not null,
    revision integer not null default 0,
    version bigint not null default 0,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint serving_endpoints_name_key unique (environment, project_id, name)
  )`,
  `comment on column serving_endpoints.environment is
    'The name of an Environment; names are free, dev, stg and prod are the customary ones'`,
  `comment on column serving_endpoints.status is
    'Null while the endpoint waits for its model and nothing has been deployed; reason says so'`,
  'create index idx_serving_endpoints_project on serving_endpoints (project_id, name) where deleted_at is null',
  'create index idx_serving_endpoints_name on serving_endpoints (name) where deleted_at is null',
  'create index idx_serving_endpoints_model_entry on serving_endpoints (model_entry_id)',
  'create index idx_serving_endpoints_prompt_policy on serving_endpoints (prompt_policy_id)',
  'create index idx_serving_endpoints_status on serving_endpoints (status) where deleted_at is null',
  'create index idx_serving_endpoints_model_digest on serving_endpoints (model_digest text_pattern_ops)',
  'create index idx_serving_endpoints_spec_path on serving_endpoints (spec_path)',
  'create index idx_serving_endpoints_deployment_spec on serving_endpoints using gin (deployment_spec jsonb_path_ops)',
  `create table serving_deployments (
    id uuid primary key default gen_random_uuid(),
    serving_endpoint_id uuid not null references serving_endpoints (id) on delete cascade,
    serving_framework text not null,
    framework_resource_id text not null,
    framework_namespace text not null,
    replica_count integer not null,
    min_replicas integer not null,
    max_replicas integer not null,
    autoscaling_metrics jsonb,
    resource_requests jsonb,
    resource_limits jsonb,
    framework_status jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint serving_deployments_endpoint_key unique (serving_endpoint_id)
  )`,
  'create index idx_serving_deployments_resource on serving_deployments (framework_resource_id)',
  `create table deployments (
    id uuid primary key default gen_random_uuid(),
    serving_endpoint_id uuid not null references serving_endpoints (id) on delete cascade,
    revision integer not null check (revision >= 1),
    model_entry_id uuid not null references model_catalog_entries (id) on delete cascade,
    model_version integer,
    model_digest text,
    environment text not null,
    status varchar(20) not null
      check (status in ('pending', 'validating', 'deploying', 'active', 'failed', 'rollback')),
    health_status varchar(20) check (health_status in ('healthy', 'degraded', 'unhealthy')),
    endpoint text,
    request_count bigint not null default 0,
    error_rate double precision not null default 0,
    avg_latency_ms double precision not null default 0,
    created_by text,
    created_at timestamptz not null default now(),
    deployed_at timestamptz,
    superseded_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint deployments_revision_key unique (serving_endpoint_id, revision)
  )`,
  'create index idx_deployments_model_entry on deployments (model_entry_id)',
  'create index idx_deployments_environment on deployments (environment, created_at desc)',
  'create index idx_deployments_status on deployments (status)',
]

const view = `create view inference_endpoints as select
    serving_endpoints.id, model_versions.run_id as workflow_id, projects.user_id, serving_endpoints.url as endpoint_url,
    (case
      when serving_endpoints.deleted_at is not null or serving_endpoints.status is null then 'inactive'
      when serving_endpoints.status in ('healthy', 'degraded') then 'active'
      when serving_endpoints.status = 'failed' then 'error'
      else serving_endpoints.status end)::varchar(20) as status,
    (select coalesce(sum(request_count), 0)::bigint from deployments
      where deployments.serving_endpoint_id = serving_endpoints.id) as total_requests,
    null::timestamptz as last_request_at,
    serving_endpoints.created_at, serving_endpoints.updated_at, serving_endpoints.deleted_at
  from serving_endpoints
  join projects on projects.id = serving_endpoints.project_id
  left join model_versions on model_versions.model_entry_id = serving_endpoints.model_entry_id
    and model_versions.digest = serving_endpoints.model_digest`

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...models, ...serving, view]) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop view inference_endpoints`.execute(db)
  for (const table of [
    'deployments',
    'serving_deployments',
    'serving_endpoints',
    'prompt_templates',
    'model_versions',
    'model_catalog_entries',
  ])
    await sql`drop table ${sql.table(table)}`.execute(db)
}
