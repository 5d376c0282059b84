import { join } from 'node:path'
import { specyard } from './cli.ts'
import { gitIn, temporaryFolder, workRepository } from './publisher.ts'

/* A spec repository with a training in each of two environments, and its embedded deploy repository, for tests of the command. */

export const environment = (name: string, more = ''): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: ${name} }
spec: { cluster: local, images: { example/trainer: trainer }${more} }
`
export const training = (name: string, place: string, epochs = 3): string => `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: ${name}, project: language }
spec:
  environment: ${place}
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: text }
  training: { epochs: ${epochs} }
  image: example/trainer:1
  command: [python, train.py]
`
export const dataset = (uri: string): string => `apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: ${uri}, format: text }
`

export interface TwoEnvironments {
  readonly root: string
  /** The deploy repository. */
  readonly deploy: string
  readonly run: (...words: readonly string[]) => ReturnType<typeof specyard>
  /** The paths on a branch of the deploy repository. */
  readonly tree: (branch: string) => string
  readonly isThere: (branch: string) => boolean
}

/** @param prod what `prod` has more than `dev`, as it stands in its `spec` */
export async function twoEnvironments(prod: string): Promise<TwoEnvironments> {
  const root = await workRepository(join(await temporaryFolder(), 'specs'), {
    'specyard.yaml': 'apiVersion: specyard.dev/v1\nkind: Settings\n',
    '.gitignore': '.specyard/\n',
    'specs/dev.yaml': environment('dev'),
    'specs/prod.yaml': environment('prod', prod),
    'specs/text.yaml': dataset('data'),
    'specs/letters.yaml': training('letters', 'dev'),
    'specs/words.yaml': training('words', 'prod'),
  })
  const deploy = join(root, '.specyard', 'deploy.git')
  return {
    root,
    deploy,
    run: (...words) => specyard(root, words),
    tree: (branch) => gitIn(deploy, 'ls-tree', '-r', '--name-only', branch),
    isThere: (branch) => gitIn(deploy, 'for-each-ref', `refs/heads/${branch}`) !== '',
  }
}
