import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { endLeftovers } from '../../local/leftovers.ts'
import { training } from '../support/compiler.ts'
import { buildProgram, type Ended, type Program, startProgram } from '../support/main-job/program.ts'
import { createMlflowServer, mlflowPython, type MlflowServer } from '../support/mlflow/server.ts'
import { environmentWith } from '../support/mlflow/training.ts'

/* The whole way on one machine: a spec, a trainer that logs with MLflow's own client, a real tracking server, and what `trace` then says. */

let program: Program
let server: MlflowServer
let folder: string
beforeAll(async () => {
  program = buildProgram()
  server = await createMlflowServer()
  await server.start()
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'specyard-mlflow-specs-'))
  for (const inner of ['specs', 'trainer', 'data']) mkdirSync(join(folder, inner))
  cpSync(join(import.meta.dirname, '..', 'support', 'mlflow', 'trainer.py'), join(folder, 'trainer', 'trainer.py'))
  const documents = [environmentWith(`{ url: "${server.url}" }`), trainer('ends'), trainer('crashes')]
  writeFileSync(join(folder, 'specs', 'all.yaml'), documents.join('---\n'))
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
})
afterAll(async () => {
  await endLeftovers(join(folder, '.specyard', 'local'))
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
  program.remove()
})

/** A training that does what its name says. */
function trainer(name: string): string {
  const spec = training(name).replace('  output: { model: letters }\n', '')
  return `${spec}  command: [${mlflowPython()}, trainer.py, ${name}]
  env: { MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_HTTP_REQUEST_MAX_RETRIES: "1" }
  retry: { maxRetries: 0 }
`
}

const run = (...args: readonly string[]): Promise<Ended> =>
  startProgram(program, folder, args, { environment: { MLFLOW_TRACKING_URI: server.url } }).ended

it('a training and its MLflow run lead to each other, and a run that a crash left open is closed', async () => {
  const settled = await run('up', '--until-settled', '--port', '0', '--timeout', '240s')
  expect(settled.code, settled.stderr).toBe(1)
  for (const [name, state, sentence] of [
    ['ends', 'SUCCEEDED', 'FINISHED  2 artifacts'],
    ['crashes', 'FAILED (APP_EXIT)', 'FAILED (closed here)'],
  ] as const) {
    const { stdout } = await run('trace', name)
    expect(stdout).toContain(`run dev/language/${name}  ${state}`)
    const [line, id] = / MLflow run ([0-9a-f]{32}) .*/.exec(stdout) ?? []
    expect(line).toContain(`MLflow run ${id}  ${sentence}  ${server.url}/#/experiments/`)
    expect((await run('trace', id ?? '')).stdout).toBe(stdout)
  }
})
