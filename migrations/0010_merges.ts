import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table publications
    add column proposed_at timestamptz,
    add column merge_commit text,
    add column merged_by text,
    add column merged_by_source varchar(20) check (merged_by_source in ('author', 'committer')),
    add constraint publications_merge_whole check (
      (merge_commit is null) = (merged_by is null) and (merge_commit is null) = (merged_by_source is null)
      and (merge_commit is null or proposed_at is not null))`,
  `comment on column publications.committed_at is
    'When it came to the branch: committed there or, where it was proposed first, merged, as far as that is known'`,
  `comment on column publications.proposed_at is 'Where a person had to merge it; null for what was pushed'`,
  `comment on column publications.merge_commit is
    'The merge, or what a squash or a rebase made of it; null where it became the head itself, and so for what was pushed'`,
  `comment on column publications.merged_by is 'Name and address as merge_commit has them; it says nothing of who approved'`,
  'create index idx_publications_merge_commit on publications (merge_commit text_pattern_ops)',
  `comment on column publications.merged_by_source is 'Which of merge_commit: author of a merge, committer of a squash or a rebase'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table publications drop constraint publications_merge_whole`.execute(db)
  await sql`alter table publications drop column proposed_at, drop column merge_commit, drop column merged_by,
    drop column merged_by_source`.execute(db)
  await sql`comment on column publications.committed_at is null`.execute(db)
}
