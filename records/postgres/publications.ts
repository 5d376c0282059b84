import { type Selectable, sql } from 'kysely'
import type { Publication } from '../../domain/publication.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { PublicationRecords } from '../records.ts'
import type { PublicationTable } from '../schema.ts'
import type { Writing } from '../writing.ts'

const listMax = 1000

export function publicationRecords(db: Database, writing: Writing): PublicationRecords {
  return {
    newestCommit: async () => {
      const row = await db.selectFrom('publications').select('commit').orderBy('id', 'desc').limit(1).executeTakeFirst()
      return row?.commit ?? null
    },
    absorb: async (publications) => {
      if (publications.length > 0) await writing.statement((one) => absorb(one, publications))
    },
    list: async (limit) => {
      const rows = await db
        .selectFrom('publications')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(Math.max(0, Math.min(limit, listMax)))
        .execute()
      return rows.map(publicationOf)
    },
  }
}

async function absorb(db: Database, publications: readonly Publication[]): Promise<void> {
  const rows = publications.map((one) => ({
    commit: one.commit,
    parent: one.parent,
    action: one.action,
    subject: one.subject,
    subjects: one.subjects,
    source_repository: one.sourceRepository,
    source_commit: one.sourceCommit,
    source_dirty: one.sourceDirty,
    request_id: one.requestId,
    files: one.files,
    committed_at: one.at,
    proposed_at: one.merge?.proposedAt ?? null,
    merge_commit: one.merge?.by?.commit ?? null,
    merged_by: one.merge?.by ? storableText(one.merge.by.who) : null,
    merged_by_source: one.merge?.by?.source ?? null,
    proposed_to: one.merge?.branch ?? null,
    merged_pull: one.mergedPull ?? null,
  }))
  await sql`insert into publications (commit, parent, action, subject, subjects, source_repository, source_commit,
      source_dirty, request_id, files, committed_at, proposed_at, merge_commit, merged_by, merged_by_source,
      proposed_to, merged_pull)
    select * from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (commit text, parent text, action text, subject text, subjects text[], source_repository text,
       source_commit text, source_dirty boolean, request_id text, files integer, committed_at timestamptz,
       proposed_at timestamptz, merge_commit text, merged_by text, merged_by_source text,
       proposed_to text, merged_pull jsonb)
    on conflict (commit) do nothing`.execute(db)
}

function publicationOf(row: Selectable<PublicationTable>): Publication {
  return {
    commit: row.commit,
    parent: row.parent,
    action: row.action,
    subject: row.subject,
    subjects: row.subjects,
    sourceRepository: row.source_repository,
    sourceCommit: row.source_commit,
    sourceDirty: row.source_dirty,
    requestId: row.request_id,
    files: row.files,
    at: row.committed_at,
    ...mergeOf(row),
  }
}

function mergeOf(row: Selectable<PublicationTable>): Pick<Publication, 'merge' | 'mergedPull'> {
  const { proposed_at: proposedAt, merge_commit: commit, merged_by: who, merged_by_source: source } = row
  const { proposed_to: branch, merged_pull: mergedPull } = row
  if (proposedAt === null || branch === null) return {}
  const by = commit === null || who === null || source === null ? null : { commit, who, source }
  return { merge: { branch, proposedAt, by }, ...(mergedPull ? { mergedPull } : {}) }
}
