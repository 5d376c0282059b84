import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { needsBedAlone } from './alone.ts'

/** Files that want the bed to themselves come last: each would make all others wait. */
export class AloneLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isAlone = ({ moduleId }: TestSpecification) => needsBedAlone(moduleId)
    return [...sorted.filter((one) => !isAlone(one)), ...sorted.filter(isAlone)]
  }
}
