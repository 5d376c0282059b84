import { compile } from '../../../compiler/compile.ts'
import { address, chart, nothing, source } from '../../support/compiler.ts'
import { trainingCorpus } from '../corpus.ts'

/** The manifests of as many trainings, each its text. */
export function renderedJobs(specs: number): readonly string[] {
  const compiled = compile({ sources: trainingCorpus(specs), source, deployed: nothing, chart, deploy: address })
  return [...(compiled.tree ?? [])]
    .filter(([path]) => /^environments\/.*\/jobs\/.*\.yaml$/.test(path))
    .map(([, text]) => text)
}
