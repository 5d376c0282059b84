import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { renderedJobs } from './rendered-jobs.ts'
import { parseManifests } from '../../../compiler/load/document.ts'
import { answerRounds } from './answer-rounds.ts'

/*
 * checking-once <specs>: a process that holds rendered Jobs against the schemas and rules of Kubernetes, or parses them as JSON, each time it is told so
 * by its parent, and answers with the seconds that it took.
 */

const [specs = '1000'] = process.argv.slice(2)
const definitions = kubernetesSchemas.of('1.36')
const objects = renderedJobs(Number(specs)).flatMap((text) => parseManifests(text))
const json = objects.map((object) => JSON.stringify(object))

function checkAll(): void {
  for (const object of objects) {
    const [finding] = checkObject(object, definitions)
    if (finding) throw new Error(`${finding.pointer} ${finding.message}`)
  }
}

function parseAll(): void {
  for (const text of json) JSON.parse(text)
}

answerRounds({ check: checkAll, json: parseAll })
