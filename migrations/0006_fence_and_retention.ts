import { type Kysely, sql } from 'kysely'

const statements = [
  `create table reconciler_fence (
    scope text primary key,
    token bigint not null,
    holder text not null,
    taken_at timestamptz not null default now()
  )`,
  `comment on table reconciler_fence is
    'The newest token of each kind of writer that only one process may be; a write with another token is refused'`,
  'alter table training_jobs add column condensed_at timestamptz',
  `comment on column training_jobs.condensed_at is 'When the log of an ended run was reduced to what is kept for good'`,
  `create index idx_training_jobs_uncondensed on training_jobs (completed_at)
    where condensed_at is null and completed_at is not null`,
  // What one may not remove is not in the way of finding what one may.
  `create index idx_callbacks_received_at on callbacks (received_at) where kind <> 'done'`,
  'create index idx_actions_done_at on actions (done_at) where done_at is not null',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const index of ['idx_actions_done_at', 'idx_callbacks_received_at', 'idx_training_jobs_uncondensed'])
    await sql`drop index ${sql.ref(index)}`.execute(db)
  await sql`alter table training_jobs drop column condensed_at`.execute(db)
  await sql`drop table reconciler_fence`.execute(db)
}
