import { loadSpecs } from '../../../compiler/compile.ts'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import { readManifests } from '../../../compiler/load/manifest.ts'
import { judge } from '../../../compiler/policy/judge.ts'
import { catalogue } from '../../../compiler/resolve/catalogue.ts'
import { address, chart, compileTexts, nothing, source, sourcesOf, training } from '../compiler.ts'
import type { Loose } from './attempts.ts'
import { starterPack } from './starter.ts'

/* What attempts on the starter pack begin with: a spec to which the pack has no objection, and the manifest that it is rendered to. */

export const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
export const pinned = training('letters')
  .replace('environment: dev', 'environment: prod')
  .replace('trainer:1', `trainer@${digest}`)
export const pack = [...starterPack.values()]
/** The lease's image has to be named by its digest too, where everything has. */
export const environments = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: prod }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language, vision: ml-vision } } }
  lease: { image: busybox@${digest} }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: s3://data, format: text }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
export const texts = [pinned, ...pack]
export const input: CompileInput = {
  sources: sourcesOf(texts, environments),
  source,
  deployed: nothing,
  chart,
  deploy: address,
  judge,
}
const loaded = loadSpecs(input, [])
export const known = catalogue(loaded.specs, loaded.broken).catalogue
export const result = compileTexts(texts, nothing, environments)
export const [plan] = result.impact.starts
export const [path, text] = [...(result.tree ?? [])].find(([one]) => /\/jobs\/letters.*\.yaml$/.test(one)) ?? ['', '']
export const [manifest] = readManifests(text) as readonly Loose[]
