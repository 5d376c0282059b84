import { type Kysely, sql } from 'kysely'

const deployments = [
  // Null while it is pending: asked for, and not released yet.
  'alter table deployments alter column revision drop not null',
  `alter table deployments
    add column reason text not null default '',
    add column message text not null default '',
    add column weight integer check (weight between 0 and 100),
    add column log jsonb not null default '[]',
    add column commit text,
    add column pull_request text,
    add column measured_at timestamptz`,
  `comment on column deployments.weight is 'Per cent of the traffic while a rollout is under way; null otherwise'`,
  `comment on column deployments.log is 'What became of it, oldest first'`,
  `comment on column deployments.commit is 'Of the repository that was changed to bring it about, where it was asked for over the API'`,
  `comment on column deployments.measured_at is 'When request_count, error_rate and avg_latency_ms were read; null where nothing measures'`,
  `create index idx_deployments_open on deployments (serving_endpoint_id) where superseded_at is null`,
  'create index idx_deployments_created_at on deployments (created_at desc, id desc)',
  `create index idx_deployments_pending on deployments (serving_endpoint_id) where status = 'pending'`,
]

const endpoints = [
  'alter table serving_endpoints add column health_message text',
  `comment on column serving_endpoints.health_message is
    'Why the last probe of its route failed; null where it did not, or none is made'`,
]

const registry = [
  `create table model_registry_versions (
    model_version_id uuid primary key references model_versions (id) on delete cascade,
    registry varchar(20) not null check (registry in ('mlflow')),
    name text not null,
    version text not null,
    aliases text[] not null default '{}',
    url text not null,
    mirrored_at timestamptz not null default now(),
    constraint model_registry_versions_name_key unique (registry, name, version)
  )`,
  `comment on table model_registry_versions is 'Where a model version stands in a registry beside the ledger; its number there is no identity'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...deployments, ...endpoints, ...registry]) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table model_registry_versions`.execute(db)
  await sql`alter table serving_endpoints drop column health_message`.execute(db)
  for (const index of ['idx_deployments_pending', 'idx_deployments_created_at', 'idx_deployments_open'])
    await sql`drop index ${sql.ref(index)}`.execute(db)
  await sql`delete from deployments where revision is null`.execute(db)
  await sql`alter table deployments drop column reason, drop column message, drop column weight, drop column log,
    drop column commit, drop column pull_request, drop column measured_at, alter column revision set not null`.execute(
    db,
  )
}
