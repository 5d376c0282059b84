import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { faultCodes } from '../../domain/fault.ts'
import { problemCodes } from '../../domain/problem-codes.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8')
const sections = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1])

it('every code has its section in docs/errors.md, and every section its code', () => {
  expect([...sections].sort()).toEqual([...Object.keys(problemCodes), ...faultCodes].sort())
})

it('every section says what to do', () => {
  for (const section of page.split(/^### /m).slice(1)) expect(section, section.slice(0, 30)).toContain('**Remedy.**')
})
