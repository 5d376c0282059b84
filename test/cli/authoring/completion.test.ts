import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { specyard } from '../../support/cli.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** What is offered for the last word of a command line, without descriptions. */
async function offered(words: readonly string[], folder = root): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await specyard(folder, ['__complete', '--', ...words])
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '')
}

describe('completion', () => {
  it.each([
    ['offers commands by their beginning', ['ch'], ['check']],
    ['offers options of a command', ['diff', '--off'], ['--offline']],
    ['offers options of the program behind a command too', ['diff', '--dir'], ['--directory']],
    ['offers the values of a choice', ['check', '--output', 's'], ['sarif']],
    ['offers them behind a sign of equality', ['check', '--output=s'], ['--output=sarif']],
    ['offers them where a shell takes that sign for a word', ['check', '--output', '=', 's'], ['sarif']],
    ['and right behind it', ['schema', '--draft', '='], ['2020-12', 'draft-07']],
    ['offers the values of an argument', ['completion', 'z'], ['zsh']],
    ['offers the directions of migrations', ['migrate', ''], ['up', 'down', 'status']],
    ['offers kinds', ['schema', 'Tr'], ['TrainingJob']],
    ['offers trainings where a run is wanted', ['retry', 'handbook'], ['handbook-lm', 'handbook-retry']],
    ['offers both where either has a log', ['logs', 'handbook'], ['handbook', 'handbook-lm', 'handbook-retry']],
    ['offers endpoints where one is rolled out', ['rollout', 'handbook'], ['handbook']],
    ['offers the steps behind it', ['rollout', 'handbook', 'p'], ['pause', 'promote']],
    ['offers specs of both sorts to explain', ['explain', 'handbook'], ['handbook', 'handbook-lm', 'handbook-retry']],
    ['offers codes to explain', ['explain', 'SPLITS'], ['SPLITS_SUM']],
    ['offers environments', ['explain', 'handbook', '--env', ''], ['dev', 'prod', 'stg']],
    ['goes on offering them to an option that takes several', ['bootstrap', '--environment', 'dev', 'p'], ['prod']],
    ['leaves files to the shell', ['check', ''], [':files']],
    ['leaves folders to the shell', ['compile', '--to', ''], [':folders']],
    ['offers nothing behind the last argument', ['logs', 'handbook-lm', ''], []],
    ['offers nothing for a command that is none', ['nonsense', 'x', '--f'], []],
    ['passes over the value of an option of the program', ['--directory', 'elsewhere', 'mig'], ['migrate']],
    ['takes what follows -- for arguments', ['check', '--', '-'], [':files']],
  ] as const)('%s', async (_sentence, words, expected) => {
    expect(await offered(words)).toEqual(expected)
  })

  it('knows the specs of another folder that the line names', async () => {
    expect(await offered(['-C', root, 'logs', 'support'], '/')).toEqual(['support-sft'])
  })

  it('offers no names, and says nothing, outside of a spec repository', async () => {
    expect(await offered(['logs', ''], '/')).toEqual([])
  })

  it('offers every command but itself, with what each does', async () => {
    const { stdout } = await specyard(root, ['__complete', '--', ''])
    expect(stdout).toContain('check\tfind every problem of the specs; changes nothing\n')
    expect(stdout).not.toContain('__complete')
  })
})
