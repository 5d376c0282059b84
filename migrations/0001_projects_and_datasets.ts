import { type Kysely, sql } from 'kysely'

const statements = [
  `create table projects (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    name text not null,
    description text,
    tags text[] not null default '{}',
    is_public boolean not null default false,
    workflow_count integer not null default 0,
    dataset_count integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint projects_name_key unique (name)
  )`,
  'create index idx_projects_user_id on projects (user_id) where deleted_at is null',
  'create index idx_projects_created_at on projects (created_at desc)',
  'create index idx_projects_tags on projects using gin (tags)',
  `create table datasets (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    description text,
    storage_path text not null,
    format text not null,
    digest text,
    size_bytes bigint,
    file_count integer,
    status varchar(20) not null default 'ready' check (status in ('processing', 'ready', 'error', 'archived')),
    validation_result jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint datasets_name_key unique (project_id, name)
  )`,
  'create index idx_datasets_user_id on datasets (user_id) where deleted_at is null',
  'create index idx_datasets_status on datasets (status)',
  'create index idx_datasets_format on datasets (format)',
  `create table project_datasets (
    project_id uuid not null references projects (id) on delete cascade,
    dataset_id uuid not null references datasets (id) on delete cascade,
    added_at timestamptz not null default now(),
    primary key (project_id, dataset_id)
  )`,
  'create index idx_project_datasets_dataset on project_datasets (dataset_id)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['project_datasets', 'datasets', 'projects'])
    await sql`drop table ${sql.table(table)}`.execute(db)
}
