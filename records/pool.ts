/** The part of a `pg` pool that records need. The embedded database has the same shape, with one session behind it. */
export interface PoolLike {
  /** Waits for a session that is this caller's alone until `release`. */
  connect(): Promise<ClientLike>
  end(): Promise<void>
}

export interface ClientLike {
  /**
   * Runs one statement. Dates are read as `Date`, 64-bit integers and decimals as `number` (as `bigint` beyond 2^53), JSON parsed.
   * @param parameters texts, numbers, booleans, dates, lists of these, null; JSON as text
   */
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>>
  release(): void
}

export interface QueryResult<Row> {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: Row[]
}

/** Reads a 64-bit integer: a number where it is exact, else a bigint. */
export function readInteger(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

/** Runs one statement on a session of its own. */
export async function queryOnce<Row>(
  pool: PoolLike,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = await pool.connect()
  try {
    return (await client.query<Row>(sql, parameters)).rows
  } finally {
    client.release()
  }
}
