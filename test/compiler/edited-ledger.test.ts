import { describe, expect, it } from 'vitest'
import type { Change, Deployed } from '../../domain/publication.ts'
import {
  compileTexts,
  deployedAfter,
  endpoint,
  firstVersion,
  perform,
  publishTexts,
  training,
} from '../support/compiler.ts'

const runLedger = '.specyard/ledger/runs/dev/language/letters.json'
const endpointLedger = '.specyard/ledger/endpoints/dev/language/letters.json'

/** Somebody's commit to the deploy repository. */
function byHand(deployed: Deployed, change: Change): Deployed {
  const drifted = [...change.keys()].map((path) => ({ path, commit: 'd'.repeat(40), author: 'Ada' }))
  return { ...deployedAfter(deployed, change), drifted }
}

function replaced(deployed: Deployed, path: string, from: string, to: string): Change {
  const text = deployed.files.get(path) ?? ''
  expect(text).toContain(from)
  return new Map([[path, text.replace(from, to)]])
}

describe('of a run whose ledger somebody changed', () => {
  const first = publishTexts([training()])
  const job = [...first.files.keys()].find((path) => path.includes('/jobs/letters-')) ?? ''
  const again = training('letters', '  rerun: 1\n')
  const ended = replaced(first, runLedger, '"active"', '"ended"')

  it.each([
    ['a changed spec starts nothing and stops nothing', [again], ended],
    ['a spec that is gone stops nothing', [], replaced(first, runLedger, '"attempt": 1', '"attempt": 9')],
    [
      'one that the ledger forgot does not begin again',
      [training()],
      new Map([
        [runLedger, null],
        [job, null],
      ]),
    ],
    ['one that the ledger forgot keeps its manifest', [training()], new Map([[runLedger, null]])],
    ['what would be written the same way is not taken for ours', [training()], ended],
  ] as const)('%s', (_sentence, specs, change) => {
    const { impact, problems, change: published } = compileTexts([...specs], byHand(first, change))
    expect([[...published], impact.starts, impact.cancels]).toEqual([[], [], []])
    expect(problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('until it is restored, dev/language/letters stays as it is, whatever its spec says'),
    )
  })

  it('another one starts all the same', () => {
    const { impact } = compileTexts([again, training('words')], byHand(first, ended))
    expect(impact.starts.map(({ name }) => name)).toEqual(['words'])
  })
})

describe('of an endpoint whose ledger somebody changed', () => {
  const specs = [training(), endpoint()]
  const serving = perform(publishTexts(specs), firstVersion).deployed
  const edited = replaced(serving, endpointLedger, '"revision": 1', '"revision": 7')
  const other = endpoint().replace(/port: \d+/, 'port: 9999')

  it.each([
    ['a changed spec changes nothing', [training(), other], edited],
    ['what the ledger forgot stays with its chart', specs, new Map([[endpointLedger, null]])],
  ] as const)('%s', (_sentence, texts, change) => {
    const { impact, change: published } = compileTexts([...texts], byHand(serving, change))
    const isDev = (path: string): boolean => !path.includes('/prod/')
    expect([[...published.keys()].filter(isDev), impact.releases]).toEqual([[], []])
  })

  it('a spec that is gone takes nothing away', () => {
    const { change } = compileTexts([training()], byHand(serving, edited))
    expect([...change.keys()].filter((path) => path.includes('/dev/') || path.startsWith('charts/'))).toEqual([])
  })
})
