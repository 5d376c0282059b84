import { git, gitSaid } from './git/run.ts'
import { openRemote, type Remote, type RemoteOptions } from './git/remote.ts'
import type { Author } from './git/import.ts'
import { proposalReferences } from './proposal/references.ts'

/** Whether this identity may push to a branch, as far as that shows without pushing. */
export type MayPush =
  { readonly allowed: true; readonly head: string | null } | { readonly allowed: false; readonly why: string }

export type MayPushOptions = RemoteOptions & { readonly author: Author }

/**
 * Asks the server as a push would, and changes nothing. Rules that a server applies only to what is really pushed (protected branches, hooks) do
 * not show.
 * @throws Fault GIT_UNREACHABLE where it cannot even be read; SETTINGS_INVALID, GIT_MISSING, DISK_FULL
 */
export async function mayPush(options: MayPushOptions): Promise<MayPush> {
  return mayPushTo(await openRemote(options), `refs/heads/${options.branch}`, options.author)
}

/** The same of what pull requests of a branch take: the branch beside it, and the reference of what was proposed last. By their whole names. */
export async function mayPropose(options: MayPushOptions): Promise<ReadonlyMap<string, MayPush>> {
  const remote = await openRemote(options)
  const { next, kept } = proposalReferences(options.branch)
  const answers = new Map<string, MayPush>()
  for (const reference of [next, kept]) answers.set(reference, await mayPushTo(remote, reference, options.author))
  return answers
}

async function mayPushTo(remote: Remote, reference: string, author: Author): Promise<MayPush> {
  const head = (await remote.references([reference])).get(reference) ?? null
  if (head !== null) await remote.bringFrom(reference, head)
  const output = await remote.tryPush(head ?? (await emptyCommit(remote.place, author)), reference)
  if (output.code === 0) return { allowed: true, head }
  return { allowed: false, why: gitSaid(output.stderr, remote.address.secrets) }
}

/** Something to offer to a branch that is not there yet. */
async function emptyCommit(place: Parameters<typeof git>[0], { name, email }: Author): Promise<string> {
  const tree = (await git(place, ['hash-object', '-t', 'tree', '-w', '--stdin'], [])).trim()
  const identity = ['-c', `user.name=${name}`, '-c', `user.email=${email}`]
  return (await git(place, [...identity, 'commit-tree', '-m', 'Nothing yet', tree])).trim()
}
