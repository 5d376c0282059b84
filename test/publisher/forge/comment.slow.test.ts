import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { putComment } from '../../../publisher/forge/comment.ts'
import { type Forge, startForge } from '../../support/forge.ts'

const token = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz'
const marker = '<!-- specyard diff -->'
let forge: Forge

beforeEach(async () => {
  forge = await startForge(token)
})
afterEach(() => forge.close())

const put = (text: string, number = 7) =>
  putComment({ api: forge.api, owner: 'ml', repository: 'specs', number, token }, marker, text)

describe('a comment', () => {
  it('is found again behind more than a page of others', async () => {
    for (let index = 0; index < 130; index += 1)
      forge.comments.push({ id: index, body: 'hello', user: { login: 'ada', type: 'User' } })
    expect((await put(`${marker}\n\none`)).kind).toBe('created')
    expect((await put(`${marker}\n\ntwo`)).kind).toBe('updated')
    expect(forge.comments.filter((one) => one.body.startsWith(marker)).map((one) => one.body)).toEqual([
      `${marker}\n\ntwo`,
    ])
  })

  it('of somebody else with our marker is left alone', async () => {
    forge.comments.push({ id: 1, body: `${marker}\n\nmine`, user: { login: 'eve', type: 'User' } })
    expect((await put(`${marker}\n\nours`)).kind).toBe('created')
    expect(forge.comments[0]?.body).toBe(`${marker}\n\nmine`)
  })

  it('is written anew by the person whose token it is', async () => {
    forge.mode = 'person'
    await put(`${marker}\n\none`)
    expect((await put(`${marker}\n\ntwo`)).kind).toBe('updated')
  })

  it.each([['a token that may only read', 'fork', { kind: 'refused', status: 403 }]] as const)(
    'is refused to %s',
    async (_what, mode, expected) => {
      forge.mode = mode
      expect(await put(`${marker}\n`)).toEqual(expected)
    },
  )

  it.each([
    ['of a forge that is broken', 'broken', 'FORGE_UNREACHABLE', 'soon'],
    ['where too much was asked', 'limited', 'FORGE_UNREACHABLE', 'soon'],
    ['with a wrong token', 'wrong token', 'FORGE_REFUSED', 'never'],
  ] as const)('fails in words that hold no token: %s', async (_what, mode, code, retry) => {
    forge.mode = mode
    const error: unknown = await put(`${marker}\n`).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code, retry })
    expect(JSON.stringify(error) + String(error) + String((error as Error).stack)).not.toContain(token)
  })

  it('fails where nobody answers, and where there is no such pull request', async () => {
    await expect(put(`${marker}\n`, 8)).rejects.toMatchObject({ code: 'FORGE_REFUSED' })
    const gone = { api: 'http://127.0.0.1:9', owner: 'ml', repository: 'specs', number: 7, token }
    await expect(putComment(gone, marker, marker)).rejects.toMatchObject({ code: 'FORGE_UNREACHABLE' })
  })

  it('longer than the forge takes is refused before anything is sent', async () => {
    await expect(put(`${marker}\n${'x'.repeat(66_000)}`)).rejects.toMatchObject({ code: 'FORGE_REFUSED' })
    expect(forge.requests).toEqual([])
  })
})
