import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { githubFault, githubReport } from '../../../cli/report/github.ts'
import { printable } from '../../../cli/terminal/printable.ts'
import { Fault } from '../../../domain/fault.ts'
import type { Problem } from '../../../domain/problem.ts'
import { training } from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { reportOf, reportWith } from '../../support/report.ts'

interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

/**
 * Reads a line as the runner of GitHub's workflows does: a command begins with two colons, its properties end at the next two; commas part
 * them; then the five escapes are taken back, the percent sign last.
 */
function readAsRunner(line: string): Command | undefined {
  const [, head, message] = /^::([^:]*(?::(?!:)[^:]*)*)::(.*)$/s.exec(line.trimStart()) ?? []
  if (head === undefined || message === undefined) return undefined
  const [name = '', ...rest] = head.split(' ')
  const parts = rest.join(' ').split(',').filter(Boolean)
  const plain = (text: string): string => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
  const properties = parts.map((part) => {
    const [key = '', ...value] = part.split('=')
    return [key, plain(value.join('=').replaceAll('%3A', ':').replaceAll('%2C', ','))]
  })
  return { name, properties: Object.fromEntries(properties) as Record<string, string>, message: plain(message) }
}

const problem = (more: Partial<Problem>): Problem => ({
  code: 'KEY_UNKNOWN',
  severity: 'error',
  message: 'm',
  where: { file: 'specs/a.yaml', line: 2, column: 3 },
  ...more,
})
const commandsOf = (problems: readonly Problem[]): readonly (Command | undefined)[] =>
  githubReport(reportWith(problems)).trimEnd().split('\n').slice(0, -1).map(readAsRunner)

describe('annotations of a GitHub workflow', () => {
  it('name the file, the place, the code, what is wrong, the remedy and the page', () => {
    const [first, last] = githubReport(reportOf([training('letters', '  timeout_seconds: 5\n')])).split('\n')
    expect(readAsRunner(first ?? '')).toEqual({
      name: 'error',
      properties: { file: 'specs/1.yaml', line: '12', col: '3', endColumn: '18', title: 'KEY_UNKNOWN' },
      message:
        'spec has no "timeout_seconds"\nHint: did you mean "timeoutSeconds"?\nMore: https://specyard.dev/errors#key_unknown',
    })
    expect(last).toBe('2 files, 1 problem')
  })

  it('tell what kept specs from being looked at, without a place', () => {
    const fault = new Fault('SETTINGS_INVALID', 'specyard.yaml:3:1: 100% wrong\n::error::x', {
      retry: 'never',
      hint: 'mend it',
    })
    expect(githubFault(fault).split('\n').map(readAsRunner)).toEqual([
      {
        name: 'error',
        properties: { title: 'SETTINGS_INVALID' },
        message:
          'specyard.yaml:3:1: 100% wrong\n::error::x\nHint: mend it\nMore: https://specyard.dev/errors#settings_invalid',
      },
      undefined,
    ])
  })

  it('give back every text that a file or a message may hold, as a terminal may show it, and begin no command of their own', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (file, message, hint) => {
        const [command, ...more] = commandsOf([problem({ message, hint, where: { file, line: 1, column: 1 } })])
        expect(more).toEqual([])
        expect(command?.name).toBe('error')
        expect(command?.properties).toMatchObject({ file, line: '1', col: '1', title: 'KEY_UNKNOWN' })
        expect(command?.message.startsWith(printable(`${message}\nHint: ${hint}\n`))).toBe(true)
      }),
    )
  })

  it.each([
    ['a percent sign that looks like an escape', '50%0Aoff'],
    ['another command', 'a\n::set-output name=x::y'],
    ['colons and commas', 'a::b, c: d'],
  ])('survive %s', (_name, message) => {
    expect(commandsOf([problem({ message })]).map((one) => one?.message.split('\nMore')[0])).toEqual([message])
  })

  it('come with errors first, because GitHub shows ten of each severity alone', () => {
    const found = commandsOf([problem({ severity: 'note' }), problem({ severity: 'warning' }), problem({})])
    expect(found.map((one) => one?.name)).toEqual(['error', 'warning', 'notice'])
  })

  it('of several lines have no columns, which GitHub refuses', () => {
    const [command] = commandsOf([problem({ where: { file: 'a', line: 2, column: 3, end: { line: 5, column: 1 } } })])
    expect(command?.properties).toEqual({ file: 'a', line: '2', endLine: '4', title: 'KEY_UNKNOWN' })
  })
})
