import { sha256 } from '../domain/canonical.ts'
import type { SourceRecord } from '../domain/ledger.ts'
import type { Proposal } from './forge/pull-request.ts'
import { publicUrl } from './git/address.ts'
import { isAncestor, isCommitId } from './git/objects.ts'
import type { Author } from './git/import.ts'
import { openRemote, type Remote, type RemoteOptions, withSoundClone } from './git/remote.ts'
import type { GitEnvironment } from './git/run.ts'
import { swapLimits } from './git/swap.ts'
import { Fault } from '../domain/fault.ts'
import { descends, describeSource, readSpecsAt, readWorkingTree, type Sources } from './source.ts'
import { commitSpec, writeSpecFile } from './specs.ts'

/** The specs as they stand, and which state of which repository that is. */
export interface SpecState extends Sources {
  readonly source: SourceRecord
  /** Whether a commit has another one among its ancestors. */
  descends(ancestor: string, descendant: string): Promise<boolean | 'unknown'>
}

/** Where specs are read, and written when somebody asks for it over the API. */
export interface SpecRepository {
  /** The commit that would be read; null for a folder, which may hold anything. @throws Fault GIT_UNREACHABLE */
  head(): Promise<string | null>
  /**
   * @param head what `head` has just said: then it is not asked again. Of a folder it says nothing.
   * @throws Fault as the two below
   */
  read(head?: string | null): Promise<SpecState>
  /**
   * Writes one spec file, whole or not at all.
   * @param expected the text that the file has now, null when there is none
   * In a branch that is a commit; in a working tree it is a file, which is a person's to commit.
   * @throws Fault FILE_FAILED when the file is not as expected (retry soon) or may not be written
   */
  write(file: SpecChange): Promise<void>
  /**
   * Proposes a change of one spec file, for a person to accept: beside a branch that is a branch of its own, with a pull request where a forge is
   * known; in a working tree it is the file, which is a person's to commit. The same change twice is one proposal.
   * @throws Fault as `write`; FORGE_UNREACHABLE, FORGE_REFUSED, when the branch is there and its pull request is not
   */
  propose(file: SpecChange, words: ProposalWords): Promise<Proposed>
}

export interface SpecChange {
  readonly path: string
  readonly text: string
  /** The text that the file has now, null when there is none. */
  readonly expected: string | null
}

export interface ProposalWords {
  /** What it is about, for the name of the branch: lower-case letters, digits and hyphens. */
  readonly slug: string
  readonly title: string
  readonly body: string
}

export interface Proposed {
  /** Null in a working tree. */
  readonly commit: string | null
  readonly branch: string | null
  readonly pullRequest: string | null
}

/** The folder that a person works in. @throws Fault NOT_A_SPEC_REPOSITORY, GIT_FAILED, GIT_MISSING */
export function specFolder(root: string, environment: GitEnvironment): SpecRepository {
  return {
    head: async () => null,
    read: async () => {
      const tree = readWorkingTree(root)
      const [sources, source] = await Promise.all([tree, describeSource(root, environment, tree)])
      return { ...sources, source, descends: descends(root, environment) }
    },
    write: ({ path, text, expected }) => writeSpecFile(root, path, text, expected),
    propose: async ({ path, text, expected }) => {
      await writeSpecFile(root, path, text, expected)
      return { commit: null, branch: null, pullRequest: null }
    },
  }
}

export interface SpecBranchOptions extends RemoteOptions {
  readonly author: Author
  readonly now: () => Date
  /** As `DeployOptions` has it. */
  readonly sign?: boolean
  /** Opens a pull request and answers with its address; left out where no forge is known. */
  readonly openPullRequest?: (proposal: Proposal) => Promise<string>
}

/** A branch of a repository of its own. @throws Fault SETTINGS_INVALID, GIT_MISSING, GIT_UNREACHABLE, DISK_FULL */
export async function openSpecBranch(options: SpecBranchOptions): Promise<SpecRepository> {
  const remote = await openRemote(options)
  return {
    head: () => remote.head(),
    read: async (known) => {
      const commit = known && (await remote.bring(known)) ? known : await headOf(remote, options.branch)
      const sources = await withSoundClone(remote, () => readSpecsAt(remote.place, commit, ''))
      const source: SourceRecord = { format: 1, repository: publicUrl(options.url), commit, dirty: false }
      return { ...sources, source, descends: (ancestor, descendant) => isDescendant(remote, ancestor, descendant) }
    },
    write: async ({ path, text, expected }) => {
      await commitSpec({ ...options, path, text, expected, message: `Write ${path}\n\nAsked for over the API.` })
    },
    propose: (file, words) => proposeSpec(options, file, words),
  }
}

async function proposeSpec(options: SpecBranchOptions, file: SpecChange, words: ProposalWords): Promise<Proposed> {
  const branch = `specyard/${words.slug}-${sha256(`${file.path}\n${file.text}`).slice(0, 8)}`
  const on = { ...options, branch }
  const message = `${words.title}\n\n${words.body}`
  const made = await commitSpec({ ...on, ...file, message, base: { branch: options.branch } })
  const commit = made ?? (await (await openRemote(on)).head())
  const { title, body } = words
  const pullRequest = (await options.openPullRequest?.({ branch, base: options.branch, title, body })) ?? null
  return { commit, branch, pullRequest }
}

/** The commit at the head, in the clone. */
async function headOf(remote: Remote, branch: string): Promise<string> {
  for (let tries = 0; tries < swapLimits.tries; tries += 1) {
    const head = await remote.head()
    if (head === null)
      throw new Fault('NOT_A_SPEC_REPOSITORY', `the spec repository has no branch ${branch}`, {
        retry: 'later',
        hint: 'push a first commit to it, or name another branch under specs.branch',
      })
    if (await remote.bring(head)) return head
  }
  throw new Fault('GIT_FAILED', 'the branch of the spec repository is rewritten again and again', { retry: 'soon' })
}

async function isDescendant(remote: Remote, ancestor: string, descendant: string): Promise<boolean | 'unknown'> {
  if (!isCommitId(ancestor) || !isCommitId(descendant)) return 'unknown'
  return ancestor === descendant || ((await isAncestor(remote.place, ancestor, descendant)) ?? 'unknown')
}
