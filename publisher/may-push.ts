import { git, gitSaid } from './git/run.ts'
import { openRemote, type RemoteOptions } from './git/remote.ts'
import type { Author } from './git/import.ts'

/** Whether this identity may push to a branch, as far as that shows without pushing. */
export type MayPush =
  { readonly allowed: true; readonly head: string | null } | { readonly allowed: false; readonly why: string }

/**
 * Asks the server as a push would, and changes nothing. Rules that a server applies only to what is really pushed (protected branches, hooks) do
 * not show.
 * @throws Fault GIT_UNREACHABLE where it cannot even be read; SETTINGS_INVALID, GIT_MISSING, DISK_FULL
 */
export async function mayPush(options: RemoteOptions & { readonly author: Author }): Promise<MayPush> {
  const remote = await openRemote(options)
  const head = await remote.head()
  if (head !== null) await remote.bring(head)
  const output = await remote.tryPush(head ?? (await emptyCommit(remote.place, options.author)))
  if (output.code === 0) return { allowed: true, head }
  return { allowed: false, why: gitSaid(output.stderr, remote.address.secrets) }
}

/** Something to offer to a branch that is not there yet. */
async function emptyCommit(place: Parameters<typeof git>[0], { name, email }: Author): Promise<string> {
  const tree = (await git(place, ['hash-object', '-t', 'tree', '-w', '--stdin'], [])).trim()
  const identity = ['-c', `user.name=${name}`, '-c', `user.email=${email}`]
  return (await git(place, [...identity, 'commit-tree', '-m', 'Nothing yet', tree])).trim()
}
