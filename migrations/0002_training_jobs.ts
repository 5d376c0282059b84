import { type Kysely, sql } from 'kysely'

const jobs = [
  // Room for heartbeats: they change no indexed column, so an update stays on its page.
  `create table training_jobs (
    id uuid primary key,
    trace_id uuid not null,
    project_id uuid not null references projects (id) on delete cascade,
    environment text not null,
    name text not null,
    description text,
    digest text not null,
    status varchar(20) not null default 'PENDING'
      check (status in ('PENDING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    reason text not null default '',
    message text not null default '',
    error_message text,
    verdict text check (verdict in ('STALLED')),
    attempt integer not null default 1 check (attempt >= 1),
    retry_count integer not null default 0,
    max_retries integer not null default 3,
    disruption_count integer not null default 0,
    spec_path text not null,
    spec_line integer not null,
    source_repository text,
    source_commit text,
    source_dirty boolean not null default false,
    current_step bigint,
    current_epoch integer,
    total_epochs integer,
    progress_percentage double precision check (progress_percentage between 0 and 100),
    allocated_gpu_type text,
    allocated_gpu_count integer,
    final_metrics jsonb,
    tracker_run_id text,
    waiting_since jsonb not null default '{}',
    next_attempt_at timestamptz,
    created_at timestamptz not null default now(),
    queued_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    version bigint not null default 0
  ) with (fillfactor = 80)`,
  'create index idx_training_jobs_project_id on training_jobs (project_id, created_at desc)',
  'create index idx_training_jobs_name on training_jobs (environment, project_id, name)',
  'create index idx_training_jobs_name_only on training_jobs (name)',
  'create index idx_training_jobs_trace_id on training_jobs (trace_id)',
  'create index idx_training_jobs_status on training_jobs (status, created_at desc) where deleted_at is null',
  'create index idx_training_jobs_created_at on training_jobs (created_at desc, id desc) where deleted_at is null',
  `create index idx_training_jobs_open on training_jobs (id) where status in ('PENDING', 'QUEUED', 'RUNNING')`,
  'create index idx_training_jobs_spec_path on training_jobs (spec_path)',
  'create index idx_training_jobs_source_commit on training_jobs (source_commit text_pattern_ops)',
  'create index idx_training_jobs_digest on training_jobs (digest text_pattern_ops)',
  'create index idx_training_jobs_final_metrics on training_jobs using gin (final_metrics)',
  `create table training_job_attempts (
    job_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer not null check (attempt >= 1),
    job_name text not null,
    job_uid text,
    state varchar(20) not null
      check (state in ('PENDING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    failure_class varchar(20) check (failure_class in ('PREEMPTED', 'EVICTED', 'NODE_LOST', 'OOM', 'APP_EXIT',
      'CONFIG', 'IMAGE', 'DEADLINE', 'STALLED', 'QUOTA', 'CANCELLED', 'LOST')),
    lease_granted_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    disruptions integer not null default 0,
    checkpoint_uri text,
    evidence jsonb,
    retired_at timestamptz,
    primary key (job_id, attempt)
  )`,
  'create index idx_training_job_attempts_open on training_job_attempts (job_id) where retired_at is null',
  'create index idx_training_job_attempts_job_name on training_job_attempts (job_name)',
  'create index idx_training_job_attempts_job_uid on training_job_attempts (job_uid) where job_uid is not null',
  `create index idx_training_job_attempts_pod_uid on training_job_attempts ((evidence ->> 'podUid'))`,
  `create index idx_training_job_attempts_pod_name on training_job_attempts ((evidence ->> 'podName'))`,
  `create table training_job_transitions (
    id bigserial primary key,
    job_id uuid not null references training_jobs (id) on delete cascade,
    from_status varchar(20),
    to_status varchar(20) not null,
    reason text not null,
    message text not null,
    attempt integer not null,
    recorded_at timestamptz not null default now()
  )`,
  'create index idx_training_job_transitions_job on training_job_transitions (job_id, id)',
]

/**
 * The state machine's last line of defence: a terminal state never changes but FAILED → SUCCEEDED, and that only where the current
 * attempt had been given up as LOST; and attempts only count up.
 */
const guard = [
  `create function training_jobs_guard() returns trigger language plpgsql as $guard$
  begin
    if new.attempt < old.attempt then
      raise exception 'training job % cannot go back from attempt % to %', old.id, old.attempt, new.attempt
        using errcode = 'check_violation';
    end if;
    if new.status <> old.status and old.status in ('SUCCEEDED', 'FAILED', 'CANCELLED') and not (
      old.status = 'FAILED' and new.status = 'SUCCEEDED' and exists (
        select from training_job_attempts
        where job_id = old.id and attempt = old.attempt and failure_class = 'LOST'))
    then
      raise exception 'training job % has ended as % and cannot become %', old.id, old.status, new.status
        using errcode = 'check_violation';
    end if;
    return new;
  end
  $guard$`,
  `create trigger training_jobs_guard before update of status, attempt on training_jobs
    for each row execute function training_jobs_guard()`,
]

const configs = [
  `create table workflow_configs (
    workflow_id uuid primary key references training_jobs (id) on delete cascade,
    task_type text,
    model_name text,
    model_source text,
    dataset_id uuid references datasets (id) on delete set null,
    num_classes integer,
    class_names text[],
    hyperparameters jsonb not null default '{}',
    required_gpu_count integer not null default 0,
    required_memory_gb integer not null default 0,
    created_at timestamptz not null default now()
  )`,
  'create index idx_workflow_configs_dataset on workflow_configs (dataset_id)',
  'create index idx_workflow_configs_task_type on workflow_configs (task_type)',
  'create index idx_workflow_configs_model_source on workflow_configs (model_source)',
  'create index idx_workflow_configs_hyperparameters on workflow_configs using gin (hyperparameters)',
  `create table training_configs (
    id uuid primary key default gen_random_uuid(),
    workflow_id uuid not null references training_jobs (id) on delete cascade,
    version integer not null default 1,
    config jsonb not null,
    plan jsonb not null,
    source varchar(20) not null default 'manual' check (source in ('llm_parsed', 'manual', 'template')),
    created_at timestamptz not null default now(),
    constraint training_configs_version_key unique (workflow_id, version)
  )`,
  'create index idx_training_configs_created_at on training_configs (created_at desc)',
  'create index idx_training_configs_config on training_configs using gin (config jsonb_path_ops)',
]

const view = `create view workflows as select
    id, project_id, (select user_id from projects where projects.id = project_id) as user_id,
    name, description, null::text as temporal_workflow_id,
    (case status when 'SUCCEEDED' then 'completed' else lower(status) end)::varchar(20) as status,
    coalesce(floor(progress_percentage), 0)::integer as progress_percentage, current_epoch, total_epochs,
    allocated_gpu_type, allocated_gpu_count, final_metrics, error_message,
    created_at, started_at, completed_at, deleted_at
  from training_jobs`

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...jobs, ...guard, ...configs, view]) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop view workflows`.execute(db)
  for (const table of [
    'training_configs',
    'workflow_configs',
    'training_job_transitions',
    'training_job_attempts',
    'training_jobs',
  ])
    await sql`drop table ${sql.table(table)}`.execute(db)
  await sql`drop function training_jobs_guard()`.execute(db)
}
