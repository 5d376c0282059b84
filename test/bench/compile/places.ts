import { allMutations, measurePlaces } from '../../support/misplaced/places.ts'
import { type Row, row } from '../report.ts'

/** Of generated mutations whose place is known, the share that is told at exactly that place and nowhere else. */
export function placesRow(most: number): Row {
  const all = allMutations()
  const every = Math.max(1, Math.floor(all.length / most))
  const { mutations, exact } = measurePlaces(all.filter((_, index) => index % every === 0))
  return row({
    metric: `problems at the exact place, of ${mutations} mutations`,
    unit: '%',
    better: 'more',
    ours: (exact / mutations) * 100,
    bound: 100,
  })
}
