import { randomUUID } from 'node:crypto'
import { commitMessage } from '../message.ts'
import type { NewCommit } from '../git/import.ts'
import type { Remote } from '../git/remote.ts'
import type { LinkOptions } from '../chain/links.ts'

/** In a folder of ours where no compilation looks for it. */
export const readmePath = '.specyard/README.md'
export const readmeText = `Specyard keeps its books here: what has run, how it ended, and what is served. Only Specyard writes this folder.
`

/** Makes the first commit of a branch: without one there is nothing that a pull request could be merged into. */
export async function begin(
  remote: Remote,
  { author, now }: LinkOptions,
  make: (parent: string | null, commit: NewCommit) => Promise<string>,
): Promise<void> {
  const words = {
    subject: 'Begin, so that something can be proposed',
    body: 'What specs ask for here waits for a pull request.',
    ...{ action: 'begin', subjects: [] },
  }
  const message = commitMessage(words, null, randomUUID())
  // Whether it got there is seen by reading the head again.
  await remote.push(await make(null, { author, at: now(), message, files: new Map([[readmePath, readmeText]]) }), null)
}
