import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../compiler/compile.ts'
import { trainingCorpus } from './corpus.ts'

// The first compilation of this process, as `specyard compile` does it: node --import tsx compile-once.ts <number of specs>
const specs = Number(process.argv[2])
const sources = trainingCorpus(specs)
const folder = join(import.meta.dirname, '..', '..', 'charts', 'serving-endpoint')
const files = new Map([['Chart.yaml', readFileSync(join(folder, 'Chart.yaml'), 'utf8')]])
const began = performance.now()
const { tree, problems } = compile({
  sources,
  source: { format: 1, repository: null, commit: null, dirty: false },
  deployed: { commit: null, files: new Map(), drifted: [] },
  chart: { version: '0.1.0', files },
  deploy: { url: 'https://git.example.com/deploy.git', branch: 'main' },
})
const seconds = (performance.now() - began) / 1000
const manifests = [...(tree?.keys() ?? [])].filter(
  (path) => /\/jobs\/.*\.yaml$/.test(path) && path.startsWith('environments/'),
)
if (manifests.length !== specs) {
  process.stderr.write(`${manifests.length} manifests of ${specs} specs; ${JSON.stringify(problems.slice(0, 3))}\n`)
  process.exitCode = 1
}
process.stdout.write(`${JSON.stringify({ seconds, manifests: manifests.length })}\n`)
