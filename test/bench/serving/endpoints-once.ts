import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { compile } from '../../../compiler/compile.ts'
import { parseYaml } from '../../../compiler/load/document.ts'
import { environments, servingCorpus } from './corpus.ts'
import { answerRounds } from '../compile/answer-rounds.ts'

/*
 * endpoints-once <endpoints> <folder of the chart serving-endpoint>: a process that compiles the corpus, or handles it as JSON, each time it is told
 * so by its parent, and answers with the seconds that it took.
 */

const [endpoints = '1000', chartFolder = ''] = process.argv.slice(2)
const { sources, deployed } = servingCorpus(Number(endpoints))
const chartText = readFileSync(`${chartFolder}/Chart.yaml`, 'utf8')
const version = /^version: (\S+)$/m.exec(chartText)?.[1] ?? ''
const texts = sources.map(({ path, bytes }) => JSON.stringify(parseYaml(new TextDecoder().decode(bytes), path).value))

function compileAll(): void {
  const { tree, problems } = compile({
    sources,
    source: { format: 1, repository: null, commit: null, dirty: false },
    deployed: { commit: 'a'.repeat(40), files: deployed, drifted: [] },
    chart: { version, files: new Map([['Chart.yaml', chartText]]) },
    deploy: { url: 'https://git.example.com/deploy.git', branch: 'main' },
  })
  const made = [...(tree?.keys() ?? [])].filter((path) => /\/endpoints\/(.+\/values|[^/]+)\.yaml$/.test(path))
  const asked = Number(endpoints) * environments.length * 2
  if (made.length !== asked)
    throw new Error(`${made.length} of ${asked} files; ${JSON.stringify(problems.slice(0, 3))}`)
  for (const text of tree?.values() ?? []) createHash('sha256').update(text).digest('hex')
}

/** Every endpoint once for each environment: what any program that makes a file for each would do at the least. */
function handleAsJson(): void {
  for (const text of texts)
    for (const environment of environments)
      createHash('sha256')
        .update(JSON.stringify({ ...(JSON.parse(text) as object), environment }))
        .digest('hex')
}

answerRounds({ compile: compileAll, json: handleAsJson })
