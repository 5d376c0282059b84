import { compile } from '../../compiler/compile.ts'
import type { Aids, CompileResult } from '../../compiler/compile-types.ts'
import { compareProblems, type Problem } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { SpecState } from '../../publisher/spec-repository.ts'
import type { Settings } from '../house/settings.ts'
import { deadline } from './aids.ts'
import { compileInput } from './compile-input.ts'

/** What specs compile to, with the problems of reading and compiling in the order of places. */
export async function compileSpecs(
  settings: Settings,
  specs: Pick<SpecState, 'files' | 'problems' | 'source' | 'settingsSource'>,
  deployed: Deployed,
  aids: Aids = { pulse: deadline() },
): Promise<{ readonly result: CompileResult; readonly problems: readonly Problem[] }> {
  const result = compile({ ...(await compileInput(settings, specs)), deployed }, aids)
  return { result, problems: [...specs.problems, ...result.problems].sort(compareProblems) }
}

/** Nothing is deployed: for those who ask what specs say, and not what they change. */
export const nothingDeployed: Deployed = { commit: null, files: new Map(), drifted: [] }
