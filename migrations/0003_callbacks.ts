import { type Kysely, sql } from 'kysely'

const statements = [
  `create table callbacks (
    job_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer not null,
    pod_uid text not null,
    kind varchar(10) not null check (kind in ('heartbeat', 'event', 'done')),
    sequence bigint not null,
    body_hash text not null,
    outcome varchar(10) not null check (outcome in ('stored', 'stale')),
    body jsonb,
    received_at timestamptz not null,
    primary key (job_id, attempt, kind, pod_uid, sequence)
  )`,
  `comment on table callbacks is
    'What trainers said, once for each (run, attempt, pod, kind, sequence); outcome is the answer that was given'`,
  `comment on column callbacks.body is 'Only of done; heartbeats are in metrics, events in training_job_events'`,
  // The newest heartbeat of each pod. pod_number counts an attempt's pods in the order of their first heartbeats.
  `create table training_job_heartbeats (
    job_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer not null,
    pod_uid text not null,
    pod_number integer not null,
    sequence bigint not null,
    step bigint not null,
    body jsonb not null,
    received_at timestamptz not null,
    primary key (job_id, attempt, pod_uid)
  ) with (fillfactor = 70)`,
  'create index idx_training_job_heartbeats_pod_uid on training_job_heartbeats (pod_uid)',
  `create table training_job_events (
    id bigserial primary key,
    job_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer,
    source varchar(10) not null check (source in ('reconciler', 'trainer')),
    type text not null,
    reason text not null,
    message text not null,
    step bigint,
    details jsonb not null default '{}',
    recorded_at timestamptz not null default now()
  )`,
  'create index idx_training_job_events_job on training_job_events (job_id, id)',
  `create index idx_training_job_events_checkpoint on training_job_events (job_id, attempt, step desc)
    where source = 'trainer' and type = 'checkpoint'`,
  // Wide numbers on purpose: a loss of 1e12 is a finding, and must not be an error of the database.
  `create table metrics (
    id bigserial primary key,
    workflow_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer not null,
    epoch integer,
    step bigint not null,
    train_loss double precision,
    train_accuracy double precision,
    val_loss double precision,
    val_accuracy double precision,
    gpu_utilization double precision,
    memory_usage_gb double precision,
    extra_metrics jsonb,
    recorded_at timestamptz not null default now()
  )`,
  'create index idx_metrics_workflow on metrics (workflow_id, id)',
  'create index idx_metrics_workflow_id on metrics (workflow_id, recorded_at desc)',
  'create index idx_metrics_epoch on metrics (workflow_id, epoch)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['metrics', 'training_job_events', 'training_job_heartbeats', 'callbacks'])
    await sql`drop table ${sql.table(table)}`.execute(db)
}
