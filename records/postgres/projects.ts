import type { Database } from '../kysely.ts'

/** The id of a project, which is added where it is new. */
export async function projectId(db: Database, name: string): Promise<string> {
  return (await projectIds(db, [name])).get(name) as string
}

/** The ids of projects by name; those that are new are added. */
export async function projectIds(db: Database, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(names)].sort()
  const find = () => db.selectFrom('projects').select(['id', 'name']).where('name', 'in', wanted).execute()
  const known = await find()
  const missing = wanted.filter((name) => !known.some((one) => one.name === name))
  if (missing.length === 0) return byName(known)
  await db
    .insertInto('projects')
    .values(missing.map((name) => ({ name, user_id: null, deleted_at: null })))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  // Somebody else may have added one meanwhile; now all can be read.
  return byName(await find())
}

function byName(rows: readonly { readonly id: string; readonly name: string }[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ id, name }) => [name, id]))
}
