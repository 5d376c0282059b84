import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runShell, shellVariables, typeInto } from '../../support/shell.ts'

/* Real shells complete our command line: Bash and Zsh on a terminal of their own, with the key that a person presses; fish by its own question. */

const folder = mkdtempSync(join(tmpdir(), 'specyard-shells-'))
const variables = shellVariables(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('Bash completes what is typed, when the tab key is pressed', async () => {
  await typeInto(
    'bash --norc --noprofile -i',
    [
      ['', /ready> /],
      ['source <(specyard completion bash); echo lo""aded\n', /loaded[^]*ready> /],
      ['specyard reb\t', /specyard rebuild /],
      ['\u0015specyard check --output=gi\t', /--output=github /],
      ['\u0015specyard logs sup\t', /support-sft /],
    ],
    variables,
  )
})

it('Zsh completes what is typed, when the tab key is pressed, and lists what there is with descriptions', async () => {
  await typeInto(
    'zsh -f -i',
    [
      ['', /ready> /],
      ['autoload -U compinit; compinit -u -D; source <(specyard completion zsh); echo lo""aded\n', /loaded[^]*ready> /],
      ['specyard reb\t', /specyard reb[^]*uild/],
      ['\u0015specyard check --output=gi\t', /--output=gi[^]*thub/],
      ['\u0015specyard logs sup\t', /logs sup[^]*port-sft/],
      ['\u0015specyard explain handbook-\t', /TrainingJob, specs\/handbook\/training\.yaml/],
    ],
    variables,
  )
})

it('fish completes commands, options, values, names and paths', () => {
  const offered = (line: string): readonly string[] =>
    runShell('fish', ['--no-config'], `specyard completion fish | source; complete -C '${line}'`, variables)
      .split('\n')
      .filter((one) => one !== '')
  expect(offered('specyard reb')).toEqual([expect.stringMatching(/^rebuild\tmake lost records anew/)])
  expect(offered('specyard check --std')).toEqual([expect.stringMatching(/^--stdin-path\t/)])
  expect(offered('specyard check --output gi')).toEqual(['github'])
  expect(offered('specyard logs sup')).toEqual(['support-sft\tTrainingJob, specs/support/fine-tune.yaml'])
  // Trainings and endpoints.
  const named = offered('specyard logs ').map((one) => one.split('\t')[0])
  expect([...named].sort()).toEqual(['handbook', 'handbook-lm', 'handbook-retry', 'support-sft'])
  expect(offered('specyard check specs/h')).toEqual([expect.stringMatching(/^specs\/handbook\//)])
})
