import { type PoolLike, queryOnce } from '../../../records/pool.ts'

/** The number of rows of every table but the history of migrations. */
export async function rowCounts(pool: PoolLike): Promise<Readonly<Record<string, number>>> {
  const tables = await queryOnce<{ name: string }>(
    pool,
    `select quote_ident(tablename) as name from pg_tables where schemaname = current_schema() and tablename not like 'schema_migrations%'`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await queryOnce<{ count: number }>(pool, `select count(*) from ${name}`)
    counts[name] = row?.count ?? -1
  }
  return counts
}
