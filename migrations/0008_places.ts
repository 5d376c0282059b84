import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table training_job_attempts add column applied_revision text`,
  `comment on column training_job_attempts.applied_revision is
    'Commit of the deploy repository from which the Job was made; null where nothing said so while it was there'`,
  `alter table training_job_attempts add column pods jsonb not null default '[]'`,
  `comment on column training_job_attempts.pods is 'Pods of the Job as they were seen: name, uid, index, node, imageDigest'`,
  `create index idx_training_job_attempts_applied_revision on training_job_attempts (applied_revision text_pattern_ops)
    where applied_revision is not null`,
  `create index idx_training_job_attempts_pods on training_job_attempts using gin (pods jsonb_path_ops)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table training_job_attempts drop column pods, drop column applied_revision`.execute(db)
}
