import { expect, it } from 'vitest'
import { approversOf, readMergedPulls, type Review } from '../../../publisher/forge/merged-pull.ts'

const commit = 'a'.repeat(40)
const review = (login: string, state: string, at: number, more: Partial<Review> = {}): Review => ({
  ...{ user: { login }, state, commit_id: commit },
  submitted_at: new Date(at * 1000).toISOString(),
  ...more,
})

it.each<readonly [string, readonly Review[], readonly string[]]>([
  ['nobody has where there are no reviews', [], []],
  ['whoever approved this commit has, once', [review('ada', 'APPROVED', 1), review('ada', 'APPROVED', 2)], ['ada']],
  ['whoever approved what was proposed before has not', [review('ada', 'APPROVED', 1, { commit_id: 'b' })], []],
  ['a comment takes nothing back', [review('ada', 'APPROVED', 1), review('ada', 'COMMENTED', 2)], ['ada']],
  ['asking for changes does, at GitHub', [review('ada', 'APPROVED', 1), review('ada', 'CHANGES_REQUESTED', 2)], []],
  ['asking for changes does, at Gitea', [review('ada', 'APPROVED', 1), review('ada', 'REQUEST_CHANGES', 2)], []],
  ['it is the time that counts', [review('ada', 'REQUEST_CHANGES', 2), review('ada', 'APPROVED', 1)], []],
  ['one that was dismissed has not, at GitHub', [review('ada', 'DISMISSED', 1)], []],
  ['one that was dismissed has not, at Gitea', [review('ada', 'APPROVED', 1, { dismissed: true })], []],
  ['an account that is gone names nobody', [review('ada', 'APPROVED', 1, { user: null })], []],
  [
    'each counts by itself',
    [review('ada', 'APPROVED', 1), review('ben', 'REQUEST_CHANGES', 2), review('eve', 'APPROVED', 3)],
    ['ada', 'eve'],
  ],
])('of those who approved: %s', (_, reviews, expected) => {
  expect(approversOf(reviews, commit)).toEqual(expected)
})

it('a forge that does not answer says nothing, and holds nothing up', async () => {
  const forge = { api: 'http://127.0.0.1:1', owner: 'ml', repository: 'deploy', token: 'none' }
  expect(await readMergedPulls(forge, { branch: 'main-next', base: 'main' }, [commit])).toEqual(new Map())
})
