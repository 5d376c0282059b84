import { ledgerRunsKept } from '../../domain/ledger.ts'
import { endpoint, training } from './compiler.ts'
import type { RebuildHouse } from './rebuild-house.ts'

/** Of one name, more than the ledger keeps. */
export const manyRuns = ledgerRunsKept + 3
/** @param many counts the runs of one name. @param letters the same of another */
export const texts = (many: number, letters: number): readonly string[] => [
  training('letters', `  retry: { backoffSeconds: 1 }\n  rerun: ${letters}\n`),
  training('stops').replace('  output: { model: letters }\n', ''),
  training('fails', '  retry: { maxRetries: 0 }\n').replace('  output: { model: letters }\n', ''),
  training('goes-on').replace('  output: { model: letters }\n', ''),
  training('many', `  ttlSecondsAfterFinished: 0\n  rerun: ${many}\n`).replace('  output: { model: letters }\n', ''),
  endpoint(),
]

/** Runs every kind of life that a run can have. @returns the commits that somebody had to merge */
export async function live(house: RebuildHouse): Promise<readonly string[]> {
  await house.publish(texts(1, 0))
  await house.pass()
  // A retry, then a success that registers a version.
  await house.end(await house.newest('letters'), 'FAILED')
  await house.pass()
  house.advance(5)
  await house.pass()
  await house.end(await house.newest('letters'), 'SUCCEEDED')
  await house.pass()
  house.advance(4000)
  await house.pass()
  // What fails now is not retired before the end.
  await house.end(await house.newest('fails'), 'FAILED')
  await house.pass()
  // A cancel on request, and a run that is superseded by one that succeeds.
  const stops = await house.newest('stops')
  const { environment, project, name } = stops
  await house.operate({ kind: 'cancel', key: { environment, project, name }, runId: stops.id, reason: 'REQUESTED' })
  const squashed = await house.merge(texts(1, 1), 'squash')
  await house.pass()
  const merged = await house.merge(texts(1, 2), 'merge')
  await house.pass()
  await house.end(await house.newest('letters'), 'SUCCEEDED')
  await house.pass()
  for (let number = 1; number <= manyRuns; number += 1) {
    if (number > 1) await house.publish(texts(number, 2))
    house.advance(1)
    await house.passOverRuns()
    await house.end(await house.newest('many'), 'SUCCEEDED')
    await house.passOverRuns()
  }
  await house.pass()
  return [squashed, merged]
}
