import type { Change, Deployed } from '../../domain/publication.ts'

/** What is deployed after a change. */
export function applied(deployed: Deployed, change: Change): Deployed {
  const files = new Map(deployed.files)
  for (const [path, text] of change) {
    if (text === null) files.delete(path)
    else files.set(path, text)
  }
  return { ...deployed, files }
}
