import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../migrations/all.ts'
import { queryOnce } from '../../records/pool.ts'
import { createServerDatabase } from '../support/database.ts'
import { builtProgram } from '../support/main-job/built.ts'

const names = Object.keys(migrations)

let database: Awaited<ReturnType<typeof createServerDatabase>>
let folder: string
beforeAll(async () => {
  database = await createServerDatabase()
  folder = await mkdtemp(join(tmpdir(), 'specyard-migrate-'))
  await writeFile(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await database.close()
})

function migrate(direction: string, url = database.url): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1', DATABASE_URL: url }
  return new Promise((resolve) => {
    const [node = '', ...words] = [...builtProgram().words, 'migrate', direction]
    execFile(node, words, { cwd: folder, env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

async function relations(): Promise<readonly string[]> {
  const rows = await queryOnce<{ name: string }>(
    database.pool,
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S', 'i')
       and relname not like 'schema_migrations%' union all
     select proname from pg_proc where pronamespace = 'public'::regnamespace order by name`,
  )
  return rows.map(({ name }) => name)
}

function applied(status: string): readonly string[] {
  return status.split('\n').flatMap((line) => {
    const [, name, at] = /^(\d{4}_\w+) +(\S+)/.exec(line) ?? []
    return name !== undefined && at !== 'no' && !Number.isNaN(Date.parse(at ?? '')) ? [name] : []
  })
}

describe('specyard migrate on a PostgreSQL server', () => {
  it('goes up, down to nothing one by one, and up again to the same, with a table of how things stand', async () => {
    const empty = await migrate('status')
    expect([empty.code, applied(empty.out)]).toEqual([0, []])
    expect(empty.out).toMatch(/^MIGRATION +APPLIED/)
    for (const name of names) expect(empty.out).toMatch(new RegExp(`^${name} +no$`, 'm'))

    const up = await migrate('up')
    expect(up).toEqual({ code: 0, out: names.map((name) => `applied  ${name}\n`).join(''), err: '' })
    const whole = await relations()
    expect(applied((await migrate('status')).out)).toEqual(names)
    expect(await migrate('up')).toEqual({ code: 0, out: 'nothing to do\n', err: '' })

    for (const [index, name] of [...names].reverse().entries()) {
      expect(await migrate('down')).toEqual({ code: 0, out: `undone  ${name}\n`, err: '' })
      expect(applied((await migrate('status')).out)).toEqual(names.slice(0, names.length - index - 1))
    }
    expect(await migrate('down')).toEqual({ code: 0, out: 'nothing to do\n', err: '' })
    expect(await relations()).toEqual([])

    expect((await migrate('up')).code).toBe(0)
    expect(await relations()).toEqual(whole)
    // A server is asked, so nothing of the embedded default is made beside it.
    expect(await readdir(folder)).toEqual(['specyard.yaml'])
  })

  it('refuses a database of a newer version whatever is asked, and says which migration and what to do', async () => {
    await migrate('up')
    const before = await relations()
    await queryOnce(
      database.pool,
      `insert into schema_migrations (name, timestamp) values ('9999_later', '2030-01-01T00:00:00Z')`,
    )
    try {
      for (const direction of ['up', 'down', 'status']) {
        const { code, out, err } = await migrate(direction)
        expect([code, out]).toEqual([3, ''])
        expect(err).toContain('DATABASE_SCHEMA_NEWER')
        expect(err).toContain('9999_later')
        expect(err).toContain('use the version of Specyard that made them')
        expect(err).not.toContain('    at ')
      }
      expect(await relations()).toEqual(before)
    } finally {
      await queryOnce(database.pool, `delete from schema_migrations where name = '9999_later'`)
    }
  })

  it('says that nobody answers where nobody does, without the password', async () => {
    const { code, err } = await migrate('status', 'postgres://someone:correct-horse-battery@127.0.0.1:1/nothing')
    expect(code).toBe(3)
    expect(err).toContain('DATABASE_UNREACHABLE')
    expect(err).not.toContain('correct-horse-battery')
  })
})
