import { type Selectable, sql } from 'kysely'
import type { Publication } from '../../domain/publication.ts'
import { jsonText } from '../json.ts'
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
  }))
  await sql`insert into publications (commit, parent, action, subject, subjects, source_repository, source_commit,
      source_dirty, request_id, files, committed_at)
    select * from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (commit text, parent text, action text, subject text, subjects text[], source_repository text,
       source_commit text, source_dirty boolean, request_id text, files integer, committed_at timestamptz)
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
  }
}
