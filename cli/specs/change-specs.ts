import { Fault, isFault } from '../../domain/fault.ts'
import { publicationAbout } from '../../domain/publication.ts'
import type { ProposalWords, SpecChange } from '../../publisher/spec-repository.ts'
import type { Opened } from '../house/open.ts'
import { type PublishedSpecs, publishSpecs } from './publish-specs.ts'

const protectedHint =
  'where the branch takes no pushes, set specs.pullRequests: true in specyard.yaml: what is asked for becomes a pull request then'

export interface ChangedSpecs {
  /** Of the deploy repository where it was published, of the repository where it is proposed; null where there was nothing to do. */
  readonly commit: string | null
  /** What has to be merged before anything is published; null where the change is made. */
  readonly branch: string | null
  /** Its address; null where no forge is known, too. */
  readonly pullRequest: string | null
  /** Undefined where it is the specs that wait. */
  readonly published: PublishedSpecs | undefined
}

/** Whether what is asked for over the API is proposed for a person to merge, rather than made. */
export function isProposed({ settings }: Pick<Opened, 'settings'>): boolean {
  return settings.specs?.pullRequests === true
}

/**
 * Makes a change of the specs that was asked for over the API, and publishes it; where the settings say so it is proposed instead, as a branch with
 * a pull request, and published once that is merged. Where the environment asks for a pull request, what the specs cause is proposed.
 * @param subject environment/project/name of what is asked for
 * @throws Fault as `SpecRepository.write`, `propose` and the publisher do
 */
export async function changeSpecs(
  opened: Pick<Opened, 'settings' | 'deploy' | 'specs' | 'pullRequests'>,
  change: SpecChange,
  words: ProposalWords,
  subject: string,
): Promise<ChangedSpecs> {
  if (isProposed(opened)) return { ...(await opened.specs.propose(change, words)), published: undefined }
  await opened.specs.write(change).catch((error: unknown) => {
    // Not one that moved too often: a branch that is closed to pushes stays so.
    if (isFault(error, 'GIT_PUSH_REJECTED') && error.retry !== 'soon')
      throw new Fault(error.code, error.message, { retry: error.retry, cause: error, hint: protectedHint })
    throw error
  })
  const published = await publishSpecs(opened)
  for (const proposed of published.proposed) {
    if (proposed.kind !== 'waiting' || !proposed.proposal.subjects.includes(subject)) continue
    const { commit, branch } = proposed.proposal
    return { commit, branch, pullRequest: proposed.pull?.url ?? null, published }
  }
  return {
    commit: publicationAbout(published.publication, subject)?.commit ?? null,
    branch: null,
    pullRequest: null,
    published,
  }
}
