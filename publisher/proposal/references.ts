/** Where what waits for a pull request is: for people, and for us. */
export interface ProposalReferences {
  readonly branch: string
  readonly nextBranch: string
  /** Whole names of the branch and of the one that pull requests are made from. */
  readonly head: string
  readonly next: string
  /**
   * What we proposed last. A squash leaves no trace of it in the history of the branch, and forges delete the branch of a pull request that was
   * merged: by this one it is known all the same.
   */
  readonly kept: string
}

export function proposalReferences(branch: string): ProposalReferences {
  const nextBranch = `${branch}-next`
  return {
    ...{ branch, nextBranch },
    head: `refs/heads/${branch}`,
    next: `refs/heads/${nextBranch}`,
    kept: `refs/specyard/proposed/${branch}`,
  }
}
