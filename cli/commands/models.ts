import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Problem } from '../../domain/problem.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { expectOk, withApi } from '../house/client.ts'
import { readSettings } from '../house/settings.ts'
import { formatProblems } from '../terminal/problems.ts'
import { UsageError, type World } from '../world.ts'

type Output = 'human' | 'json'

const specBytesMax = 512 * 1024

interface RegisteredAnswer {
  readonly project: string
  readonly model: string
  readonly version: number
  readonly digest: string
  readonly commit: string | null
  readonly registry: { readonly url: string } | null
}

/** Makes a model version of a run, and prints which. */
export async function runRegister(
  world: World,
  directory: string,
  run: string,
  flags: { readonly project?: string; readonly model?: string; readonly output: Output },
): Promise<ExitCode> {
  const body = { run, project: flags.project ?? null, model: flags.model ?? null }
  return ask(world, directory, '/v1/models/register', body, flags.output, (answer) => {
    const { project, model, version, digest, commit, registry } = answer as RegisteredAnswer
    const came = commit === null ? 'was there already' : `is new, by commit ${commit.slice(0, 10)}`
    const shown = registry === null ? '' : `\nshown at ${registry.url}`
    return `${project}/${model}@${version} ${came}  ${digest}${shown}`
  })
}

/** Logs specs as artifacts of a run of the tracker, and prints where. */
export async function runAttach(
  world: World,
  directory: string,
  run: string,
  flags: { readonly modelSpec?: string; readonly endpointSpec?: string; readonly output: Output },
): Promise<ExitCode> {
  const body = {
    run,
    model_spec: await readSpec(directory, flags.modelSpec),
    endpoint_spec: await readSpec(directory, flags.endpointSpec),
  }
  return ask(world, directory, '/v1/models/attach', body, flags.output, (answer) => {
    const { artifacts, url } = answer as { artifacts: readonly string[]; url: string }
    return `logged ${artifacts.join(' and ')} with ${url}`
  })
}

/** Proposes the Serving Endpoint Spec that the run of a model version left. */
export async function runDeploy(world: World, directory: string, version: string, output: Output): Promise<ExitCode> {
  return ask(world, directory, '/v1/models/deploy', { version }, output, messageOf)
}

/** Proposes that another environment serves what an endpoint serves in this one. */
export async function runPromote(
  world: World,
  directory: string,
  endpoint: string,
  flags: { readonly to: string; readonly output: Output },
): Promise<ExitCode> {
  const parts = endpoint.split('/')
  if (parts.length !== 3 || parts.some((one) => one === ''))
    throw new UsageError(`error: name the endpoint as environment/project/name, as specyard status does: ${endpoint}`)
  const path = `/v1/endpoints/${parts.map(encodeURIComponent).join('/')}/promote`
  return ask(world, directory, path, { to: flags.to }, flags.output, messageOf)
}

function messageOf(answer: unknown): string {
  return (answer as { message: string }).message
}

async function ask(
  world: World,
  directory: string,
  path: string,
  body: object,
  output: Output,
  words: (answer: unknown) => string,
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const answer = await withApi(settings, world, (asking) => asking('POST', path, body))
  const { error } = (answer.body ?? {}) as {
    error?: { code?: string; message?: string; hint?: string; problems?: readonly Problem[] }
  }
  if (error?.problems && error.problems.length > 0) {
    if (output === 'json') world.stdout.write(`${JSON.stringify(error)}\n`)
    else world.stderr.write(`${formatProblems(error.problems, { pages: true })}\n`)
    return exitCodes.problems
  }
  if (error?.code === 'NOT_DEPLOYABLE') {
    world.stderr.write(`error  ${error.code}  ${error.message ?? ''}\n${error.hint ? `  hint: ${error.hint}\n` : ''}`)
    return exitCodes.usage
  }
  const given = expectOk(answer)
  world.stdout.write(output === 'json' ? `${JSON.stringify(given)}\n` : `${words(given)}\n`)
  return exitCodes.fine
}

async function readSpec(directory: string, path: string | undefined): Promise<string | null> {
  if (path === undefined) return null
  const bytes = await readFile(resolve(directory, path)).catch((error: unknown) => {
    throw new UsageError(`error: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  })
  if (bytes.length > specBytesMax) throw new UsageError(`error: ${path} has more than ${specBytesMax} bytes`)
  return bytes.toString('utf8')
}
