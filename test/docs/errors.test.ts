import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorSections, pageOf } from '../../cli/report/pages.ts'
import { faultCodes } from '../../domain/fault.ts'
import { type ProblemCode, problemCodes } from '../../domain/problem-codes.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const page = readFileSync(join(docs, 'errors.md'), 'utf8')
const headings = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1])
const sections = errorSections(page)
const known = Object.keys(problemCodes) as ProblemCode[]

it('every code has its section in docs/errors.md, and every section its code', () => {
  expect([...headings].sort()).toEqual([...known, ...faultCodes].sort())
  expect([...sections.keys()]).toEqual(headings)
})

describe('every section', () => {
  it.each([...sections.values()].map((one) => [one.code, one] as const))(
    '%s says what it means and what to do',
    (_code, one) => {
      expect(one.text).toMatch(/\S\.$/)
      expect(one.remedy).toMatch(/\S\.$/)
      expect(one.text + one.remedy).not.toMatch(/^#/m)
    },
  )

  it('leads to other pages by whole addresses, of pages that there are', () => {
    const links = [...sections.values()].flatMap(({ text, remedy }) => [
      ...`${text}${remedy}`.matchAll(/\]\(([^)]*)\)/g),
    ])
    expect(links.length).toBeGreaterThan(5)
    for (const [, link = ''] of links) {
      const [, name = ''] = /^https:\/\/specyard\.dev\/([a-z/-]+)(#[a-z_-]+)?$/.exec(link) ?? []
      expect(existsSync(join(docs, `${name}.md`)), link).toBe(true)
    }
  })

  it('of a warning or a note says that it is one', () => {
    for (const code of known.filter((one) => problemCodes[one] !== 'error'))
      expect(sections.get(code)?.text, code).toMatch(problemCodes[code] === 'warning' ? /^A warning: / : /^A note: /)
  })

  it('stands where the page of its code points to', () => {
    for (const code of [...known, ...faultCodes]) {
      // What GitHub and most others make of a heading.
      const anchor = code
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-')
      expect(pageOf(code)).toBe(`https://specyard.dev/errors#${anchor}`)
    }
  })
})
