import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { trainingCorpus } from '../bench/corpus.ts'
import { endpoint } from './compiler.ts'

const environment =
  'apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: dev }\nspec: { cluster: { kubernetes: { context: dev, namespaces: { language: ml } } } }\n'
const model =
  'apiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: letters, project: language }\nspec: { family: a, taskTypes: [ä, Z, i, I, ı, ß] }\n'

/** Writes a repository of 300 trainings and a few other specs, with letters that locales sort and change in their own ways; `reversed`: in the other order. */
export function writeManySpecs(root: string, reversed = false): void {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const files = [
    ...trainingCorpus(300),
    { path: 'specs/ä.yaml', bytes: bytes(environment) },
    { path: 'specs/Z.yaml', bytes: bytes(model) },
    {
      path: 'specs/i.yaml',
      bytes: bytes(endpoint().replace(/environments: .*/, 'environments: { dev: {}, stg: {} }')),
    },
    { path: 'specyard.yaml', bytes: bytes('apiVersion: specyard.dev/v1\nkind: Settings\n') },
  ]
  for (const { path, bytes: content } of reversed ? files.reverse() : files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}
