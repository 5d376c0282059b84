/* Where a sender may die, apart from the program that does, since importing that one runs it. */

export const points = [
  'before the transaction',
  'after the transaction',
  'before the lease',
  'after the lease',
] as const
export const commitPoints = [
  'before the commit',
  'after the commit',
  'before it is noted',
  'after it is noted',
] as const
export type Point = (typeof points)[number] | (typeof commitPoints)[number]

export interface SenderOptions {
  /** A folder with the settings; its state is below it. */
  readonly folder: string
  readonly database: string
  /** Takes a line for each lease. */
  readonly leases: string
  /** Where it dies, and at which time it comes there; null: it does what is due and ends. */
  readonly death: { readonly point: Point; readonly time: number } | null
}
