import { join } from 'node:path'

/** What the API server of the test bed said of every single change, for tests that have no cluster; renewed by those that have one. */
export const verdictsFile = join(import.meta.dirname, '..', '..', 'golden', 'manifests', 'verdicts.txt')

export function verdictsText(verdicts: readonly (readonly [change: string, refused: boolean])[]): string {
  return verdicts.map(([change, refused]) => `${refused ? 'refused' : 'taken  '} ${change}\n`).join('')
}
