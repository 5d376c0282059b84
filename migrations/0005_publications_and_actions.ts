import { type Kysely, sql } from 'kysely'

const statements = [
  `create table publications (
    id bigserial primary key,
    commit text not null,
    parent text,
    action text not null,
    subject text not null,
    subjects text[] not null default '{}',
    source_repository text,
    source_commit text,
    source_dirty boolean not null default false,
    request_id text not null,
    files integer not null,
    committed_at timestamptz not null,
    constraint publications_commit_key unique (commit)
  )`,
  'create index idx_publications_commit on publications (commit text_pattern_ops)',
  'create index idx_publications_source_commit on publications (source_commit text_pattern_ops)',
  'create index idx_publications_subjects on publications using gin (subjects)',
  'create index idx_publications_request_id on publications (request_id)',
  // The outbox. run_id is no foreign key: an action may be about a Job whose run the records have lost.
  `create table actions (
    id bigserial primary key,
    key text not null,
    kind text not null,
    environment text not null,
    run_id uuid not null,
    body jsonb not null,
    tries integer not null default 0,
    due_at timestamptz,
    last_error text,
    result text,
    created_at timestamptz not null default now(),
    done_at timestamptz
  )`,
  `comment on column actions.due_at is 'Not before; null means at once'`,
  'create unique index actions_key_pending on actions (key) where done_at is null',
  'create index idx_actions_pending on actions (id) where done_at is null',
  'create index idx_actions_run_id on actions (run_id)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['actions', 'publications']) await sql`drop table ${sql.table(table)}`.execute(db)
}
