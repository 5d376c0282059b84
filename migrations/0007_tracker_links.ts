import { type Kysely, sql } from 'kysely'

const statements = [
  `create table training_job_tracker_runs (
    job_id uuid not null references training_jobs (id) on delete cascade,
    attempt integer not null check (attempt >= 1),
    tracker varchar(20) not null check (tracker in ('mlflow')),
    tracker_run_id text not null,
    url text not null,
    experiment text not null,
    found_by varchar(10) not null check (found_by in ('done', 'tag')),
    status varchar(20) not null check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
    closed_as varchar(20) check (closed_as in ('FINISHED', 'FAILED', 'KILLED')),
    started_at timestamptz,
    ended_at timestamptz,
    params jsonb not null default '{}',
    metrics jsonb not null default '{}',
    artifact_uri text,
    artifacts jsonb not null default '[]',
    incomplete jsonb not null default '[]',
    linked_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (job_id, attempt)
  )`,
  `comment on table training_job_tracker_runs is
    'What the experiment tracker has of an attempt, as it was when the attempt had ended'`,
  `comment on column training_job_tracker_runs.closed_as is
    'The status that was given to a run which its trainer had left open; null when the trainer ended it itself'`,
  `comment on column training_job_tracker_runs.incomplete is 'What was left out, or could not be had, and why'`,
  'create index idx_training_job_tracker_runs_id on training_job_tracker_runs (tracker_run_id)',
  'create index idx_training_jobs_tracker_run_id on training_jobs (tracker_run_id) where tracker_run_id is not null',
  `alter table metrics add column source varchar(10) not null default 'trainer' check (source in ('trainer', 'tracker'))`,
  `comment on column metrics.source is 'trainer: of a heartbeat. tracker: read from the experiment tracker when the attempt had ended'`,
  `create index idx_actions_pending_tracker on actions (id) where done_at is null and kind = 'link-tracker'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index idx_actions_pending_tracker`.execute(db)
  await sql`delete from metrics where source = 'tracker'`.execute(db)
  await sql`alter table metrics drop column source`.execute(db)
  await sql`drop index idx_training_jobs_tracker_run_id`.execute(db)
  await sql`drop table training_job_tracker_runs`.execute(db)
}
