import { type Kysely, sql } from 'kysely'

const statements = [
  'alter table publications add column proposed_to text, add column merged_pull jsonb',
  `comment on column publications.proposed_to is 'The branch that a person had to merge it into; null for what was pushed'`,
  `comment on column publications.merged_pull is
    'What the forge said of its pull request when the merge was recorded; null where it was not asked, or did not say'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table publications drop column proposed_to, drop column merged_pull`.execute(db)
}
