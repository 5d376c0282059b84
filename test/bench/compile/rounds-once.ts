import { readFileSync } from 'node:fs'
import { parseYaml } from '../../../compiler/load/document.ts'
import { compile } from '../../../compiler/compile.ts'
import { sha256 } from '../../../domain/canonical.ts'
import { corpus } from './corpus.ts'
import { answerRounds } from './answer-rounds.ts'

/*
 * rounds-once <specs> <folder of the chart serving-endpoint>: a process that compiles the corpus, or handles it as JSON, each time it is told so by
 * its parent, and answers with the seconds that it took.
 */

const [specs = '1000', chartFolder = ''] = process.argv.slice(2)
const { sources, deployed } = corpus(Number(specs))
const chartFiles = new Map([['Chart.yaml', readFileSync(`${chartFolder}/Chart.yaml`, 'utf8')]])
const texts = sources.map(({ path, bytes }) => JSON.stringify(parseYaml(new TextDecoder().decode(bytes), path).value))

function compileAll(): void {
  const { tree, problems } = compile({
    sources,
    source: { format: 1, repository: null, commit: null, dirty: false },
    deployed: { commit: 'a'.repeat(40), files: deployed, drifted: [] },
    chart: { version: '0.1.0', files: chartFiles },
    deploy: { url: 'https://git.example.com/deploy.git', branch: 'main' },
  })
  const hashes = [...(tree?.values() ?? [])].map(sha256)
  if (hashes.length < Number(specs)) throw new Error(`${hashes.length} files; ${JSON.stringify(problems.slice(0, 3))}`)
}

function handleAsJson(): void {
  for (const text of texts) sha256(JSON.stringify(JSON.parse(text)))
}

answerRounds({ compile: compileAll, json: handleAsJson })
