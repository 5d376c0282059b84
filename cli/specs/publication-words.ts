import { allOf, type Publication } from '../../domain/publication.ts'

/** The commits of a publication: one, or each with its branch. */
export function commitsText(publication: Publication): string {
  const [first = publication, ...others] = allOf(publication)
  const short = ({ commit }: Publication): string => commit.slice(0, 10)
  if (others.length === 0) return first.branch === undefined ? short(first) : `${short(first)} on ${first.branch}`
  return [first, ...others].map((one) => `${short(one)} on ${one.branch}`).join(', ')
}

/** How many files a publication changed. */
export function filesIn(publication: Publication | undefined): number {
  return allOf(publication).reduce((sum, { files }) => sum + files, 0)
}
