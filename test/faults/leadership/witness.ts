import { type PoolLike, queryOnce } from '../../../records/pool.ts'

/*
 * A witness inside the database, apart from the code under test: triggers write down, in the transactions of what they witness, every token that is
 * issued and every write with the token that it names.
 */

const statements = [
  `create table fence_witness (id bigserial primary key, kind text not null, token bigint not null)`,
  `create function witness_issue() returns trigger language plpgsql as $$
   begin insert into fence_witness (kind, token) values ('issued', new.token); return null; end $$`,
  `create function witness_write() returns trigger language plpgsql as $$
   declare said text := to_jsonb(new) ->> tg_argv[0];
   begin
     if said ~ 'Token[0-9]+' then
       insert into fence_witness (kind, token) values (tg_table_name, substring(said from 'Token([0-9]+)')::bigint);
     end if;
     return null;
   end $$`,
  `create trigger witness after insert or update on reconciler_fence for each row execute function witness_issue()`,
  `create trigger witness after update on training_jobs for each row execute function witness_write('reason')`,
  `create trigger witness after insert on actions for each row execute function witness_write('body')`,
  `create trigger witness after insert on callbacks for each row execute function witness_write('pod_uid')`,
]

/** Puts the witness into a database that has its schema. */
export async function placeWitness(pool: PoolLike): Promise<void> {
  for (const statement of statements) await queryOnce(pool, statement)
}

export interface Witnessed {
  readonly issued: number
  readonly writes: number
  /** Writes that were accepted although a newer token had been issued before. */
  readonly late: readonly { readonly id: number; readonly kind: string; readonly token: number }[]
}

/** What was committed, in the order in which it became so: an issue waits for the writes before it, and the writes after it wait for the issue. */
export async function askWitness(pool: PoolLike): Promise<Witnessed> {
  const counted = await queryOnce<{ issued: number; writes: number }>(
    pool,
    `select count(*) filter (where kind = 'issued') as issued, count(*) filter (where kind <> 'issued') as writes
     from fence_witness`,
  )
  const late = await queryOnce<Witnessed['late'][number]>(
    pool,
    `select id, kind, token from (
       select *, max(token) filter (where kind = 'issued') over (order by id) as newest from fence_witness) as seen
     where kind <> 'issued' and token < newest order by id limit 20`,
  )
  return { issued: counted[0]?.issued ?? 0, writes: counted[0]?.writes ?? 0, late }
}
