import { isFault } from '../../domain/fault.ts'
import { printable } from '../terminal/printable.ts'
import type { World } from '../world.ts'
import { type Ask, expectOk } from './client.ts'

/** What waits for a pull request, as the API tells it. */
export interface ProposalRow {
  readonly commit: string
  readonly subject: string
  readonly subjects: readonly string[]
  readonly message: string
  readonly pull_request: { readonly url: string } | null
}

/** Rollouts and proposals stand in the deploy repository; what else there is to say is said where that cannot be reached. */
export async function told<Item>(ask: Ask, world: World, what: 'rollouts' | 'proposals'): Promise<readonly Item[]> {
  try {
    return (expectOk(await ask('GET', `/v1/${what}`)) as { readonly items: readonly Item[] }).items
  } catch (error) {
    if (!isFault(error)) throw error
    world.stderr.write(`note: ${what} are not told: ${error.message}\n`)
    return []
  }
}

/** A line of it, for people. */
export function proposalLine({ subject, message, pull_request: pull }: ProposalRow): string {
  const words = [subject, message].filter((part) => part !== '').join(': ')
  return `note: ${printable(words)}${pull ? `, ${pull.url}` : ''}\n`
}
