import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { putComment } from '../../../publisher/forge/comment.ts'
import { openPullRequest } from '../../../publisher/forge/pull-request.ts'
import { type Gitea, startGitea } from '../../support/gitea.ts'

/* A real Gitea, which gives five items of a list at a time. */

const marker = '<!-- specyard diff -->'
let gitea: Gitea
let readOnly: string
let number = 0
let repository: string

beforeAll(async () => {
  gitea = await startGitea()
  readOnly = gitea.tokenOf('ada', 'read:repository,read:issue,read:user')
})
afterAll(() => gitea.remove())
beforeEach(async () => {
  repository = `specs-${(number += 1)}`
  await gitea.ask('POST', '/user/repos', { name: repository, auto_init: true, default_branch: 'main' })
})

const at = (path: string): string => `/repos/${gitea.owner}/${repository}${path}`
const forge = (token = gitea.token) => ({ api: gitea.api, owner: gitea.owner, repository, token })

/** A branch with a commit of its own. */
async function branch(name: string, path = at('')): Promise<string> {
  const body = { content: btoa(name), message: `Write ${name}`, branch: 'main', new_branch: name }
  await gitea.ask('POST', `${path}/contents/${name}.md`, body)
  return name
}

const propose = (name: string, base = 'main') =>
  openPullRequest(forge(), { branch: name, base, title: `Serve ${name}`, body: 'because' })
const pulls = () => gitea.ask<{ title: string; head: { ref: string } }[]>('GET', at('/pulls?limit=50'))

describe('a pull request', () => {
  it('is opened once for a branch, and found among many others', async () => {
    const first = await propose(await branch('first'))
    expect(first).toBe(`${gitea.url}/${gitea.owner}/${repository}/pulls/1`)
    for (let index = 0; index < 7; index += 1) await propose(await branch(`other-${index}`))
    expect(await propose('first')).toBe(first)
    expect(await pulls()).toHaveLength(5)
    expect(await gitea.ask('GET', at('/pulls/1'))).toMatchObject({
      ...{ title: 'Serve first', body: 'because', head: { ref: 'first' }, base: { ref: 'main' } },
    })
  })

  it('to another base is another one', async () => {
    await branch('stable')
    const first = await propose(await branch('change'))
    expect(await propose('change', 'stable')).not.toBe(first)
  })

  it('from a branch of that name in a fork is not taken for ours', async () => {
    const eve = gitea.tokenOf('eve', 'all')
    await gitea.ask('POST', at('/forks'), {}, eve)
    const body = { content: btoa('eve'), message: 'Mine', branch: 'main', new_branch: 'change' }
    await gitea.ask('POST', `/repos/eve/${repository}/contents/eve.md`, body, eve)
    await gitea.ask('POST', at('/pulls'), { head: 'eve:change', base: 'main', title: 'Mine' }, eve)
    expect(await propose(await branch('change'))).toBe(`${gitea.url}/${gitea.owner}/${repository}/pulls/2`)
  })

  it('that was merged is opened anew for what came after', async () => {
    const first = await propose(await branch('change'))
    await gitea.merge(repository, 1)
    const body = { content: btoa('more'), message: 'More', branch: 'change' }
    await gitea.ask('POST', at('/contents/more.md'), body)
    expect(await propose('change')).not.toBe(first)
  })

  it.each([
    ['without a right to write', () => readOnly, 'status 403'],
    ['with a wrong token', () => 'f'.repeat(40), 'status 401'],
  ])('%s is refused in words that hold no token', async (_what, token, status) => {
    const wanted = { branch: await branch('change'), base: 'main', title: 'x', body: '' }
    const error: unknown = await openPullRequest(forge(token()), wanted).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'FORGE_REFUSED', retry: 'never', message: expect.stringContaining(status) })
    expect(JSON.stringify(error) + String(error) + String((error as Error).stack)).not.toContain(token())
  })
})

describe('a comment', () => {
  let pull: ReturnType<typeof forge> & { number: number }
  beforeEach(async () => {
    await propose(await branch('change'))
    pull = { ...forge(), number: 1 }
  })
  const put = (text: string, token = gitea.token) => putComment({ ...pull, token }, marker, `${marker}\n\n${text}`)
  const comments = async () =>
    (await gitea.ask<{ body: string }[]>('GET', at('/issues/1/comments'))).map(({ body }) => body)

  it('is written once, written anew, and left alone where it says the same, behind however many others', async () => {
    for (let index = 0; index < 7; index += 1)
      await gitea.ask('POST', at('/issues/1/comments'), { body: `hello ${index}` })
    const created = await put('one')
    expect(created).toMatchObject({
      kind: 'created',
      url: expect.stringContaining(`${repository}/pulls/1#issuecomment`),
    })
    expect(await put('two')).toMatchObject({ ...created, kind: 'updated' })
    expect(await put('two')).toMatchObject({ ...created, kind: 'unchanged' })
    expect((await comments()).filter((body) => body.startsWith(marker))).toEqual([`${marker}\n\ntwo`])
  })

  it('of somebody else with our marker is left alone', async () => {
    const body = `${marker}\n\nmine`
    await gitea.ask('POST', at('/issues/1/comments'), { body }, gitea.tokenOf('eve', 'all'))
    expect((await put('ours')).kind).toBe('created')
    expect(await comments()).toEqual([body, `${marker}\n\nours`])
  })

  it('is refused to a token that may only read', async () => {
    expect(await put('one', readOnly)).toEqual({ kind: 'refused', status: 403 })
  })

  it('on a pull request that there is not is refused', async () => {
    await expect(putComment({ ...pull, number: 9 }, marker, marker)).rejects.toMatchObject({ code: 'FORGE_REFUSED' })
  })
})
