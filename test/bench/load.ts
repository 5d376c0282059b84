/** What the thread that makes the load is told. */
export interface Load {
  readonly url: string
  readonly trainers: readonly { readonly runId: string; readonly token: string }[]
  /** How many messages are sent in all; every fifth is an event, the others are heartbeats. */
  readonly callbacks: number
  /** How many requests are under way at once, each on a connection that stays open. */
  readonly connections: number
  /** Messages count from here, so that rounds do not repeat each other. */
  readonly firstSequence: number
}

export interface Loaded {
  readonly seconds: number
  readonly refused: number
  /** Status and body of the first refusal. */
  readonly first: string
}
