import { expect, it } from 'vitest'
import { quickCommand } from '../../../cli/start/command-word.ts'

it.each<[string, string | undefined]>([
  ['check', 'check'],
  ['check up', 'check'],
  ['-C folder check', 'check'],
  ['-Cfolder check --output json', 'check'],
  ['--directory folder compile --to tree', 'compile'],
  ['--directory=folder compile', 'compile'],
  ['-C check up', undefined],
  ['up check', undefined],
  ['--version', undefined],
  ['--help check', undefined],
  ['--unknown check', undefined],
  ['-- check', undefined],
  ['help check', undefined],
  ['-C', undefined],
  ['', undefined],
])('specyard %s is started quickly as %s', (line, command) => {
  expect(quickCommand(line.split(' ').filter((word) => word !== ''))).toBe(command)
})
