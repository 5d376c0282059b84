import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from 'redis'
import { type PoolLike, queryOnce } from '../../../records/pool.ts'
import { run } from '../../cluster/base/command.ts'

/** Every row of every table, as text. */
export async function databaseText(pool: PoolLike): Promise<string> {
  const tables = await queryOnce<{ name: string }>(
    pool,
    'select quote_ident(tablename) as name from pg_tables where schemaname = current_schema()',
  )
  const texts = await Promise.all(
    tables.map(({ name }) => queryOnce<{ text: string }>(pool, `select to_jsonb(one)::text as text from ${name} one`)),
  )
  return texts.flatMap((rows) => rows.map(({ text }) => text)).join('\n')
}

/** Every key and value. */
export async function redisText(url: string): Promise<string> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  try {
    const keys = await client.keys('*')
    const values = await Promise.all(keys.map((key) => client.get(key)))
    return keys.map((key, index) => `${key} ${values[index] ?? ''}`).join('\n')
  } finally {
    client.destroy()
  }
}

/** Every commit with its message and its changes. */
export function gitText(repository: string): Promise<string> {
  return run('git', ['-C', repository, 'log', '--all', '--patch', '--format=raw'])
}

/** Every file below a folder; no link is followed. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
}
