import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault } from '../../domain/fault.ts'
import type { PullRequest } from '../../publisher/forge/comment.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { escapeMessage } from '../report/github.ts'
import { UsageError, type World } from '../world.ts'

export interface CommentFlags {
  readonly repository?: string
  readonly pullRequest?: number
  /** Tells several comments of one pull request apart. */
  readonly key?: string
}

const bytesMax = 1024 * 1024

/** Puts a text on the pull request of this workflow, or on the one that is named; a comment that is there already is written anew. */
export async function runComment(
  world: World,
  directory: string,
  file: string,
  flags: CommentFlags,
): Promise<ExitCode> {
  const text = keyed(file === '-' ? await readInput(world) : await readText(resolve(directory, file)), flags.key)
  const marker = text.split('\n')[0] ?? ''
  if (!/^<!-- .+ -->$/.test(marker))
    throw new UsageError(
      `error: the text must begin with a line such as <!-- specyard diff -->, by which the comment is found again`,
    )
  const pull = await pullRequestOf(world, flags)
  if (pull === undefined) {
    world.stdout.write('no pull request: nothing to comment on\n')
    return exitCodes.fine
  }
  const { putComment } = await import('../../publisher/forge/comment.ts')
  const done = await putComment(pull, marker, text)
  if (done.kind === 'refused') {
    const message = `the token may not comment on pull request ${pull.number} (status ${done.status}), as in a workflow for a fork; grant it pull-requests: write`
    world.stdout.write(inWorkflow(world) ? `::notice title=Specyard::${escapeMessage(message)}\n` : `${message}\n`)
  } else world.stdout.write(`comment ${done.kind}: ${done.url}\n`)
  return exitCodes.fine
}

function inWorkflow({ environment }: World): boolean {
  return environment['GITHUB_ACTIONS'] === 'true'
}

function keyed(text: string, key: string | undefined): string {
  if (key === undefined) return text
  if (!/^[A-Za-z0-9._/-]{1,100}$/.test(key))
    throw new UsageError('error: a key has letters, digits, dots, slashes and hyphens')
  return text.replace(/^<!-- specyard diff -->/, `<!-- specyard diff ${key} -->`)
}

async function pullRequestOf(world: World, flags: CommentFlags): Promise<PullRequest | undefined> {
  const { environment } = world
  const number = flags.pullRequest ?? (await numberOfEvent(environment['GITHUB_EVENT_PATH']))
  if (number === undefined) return undefined
  const name = flags.repository ?? environment['GITHUB_REPOSITORY']
  const [, owner, repository] = /^([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+)$/.exec(name ?? '') ?? []
  if (owner === undefined || repository === undefined)
    throw new UsageError('error: which repository? Name it with --repository owner/name, or set GITHUB_REPOSITORY')
  const token = environment['GITHUB_TOKEN']
  if (!token) throw new UsageError('error: set GITHUB_TOKEN to a token that may comment on pull requests')
  const api = environment['GITHUB_API_URL'] || 'https://api.github.com'
  if (!URL.canParse(api)) throw new UsageError('error: GITHUB_API_URL is no address')
  return { api, owner, repository, number, token }
}

/** The pull request that a workflow runs for; undefined for another event. */
async function numberOfEvent(path: string | undefined): Promise<number | undefined> {
  if (!path) return undefined
  let event: { pull_request?: { number?: unknown }; issue?: { number?: unknown; pull_request?: unknown } }
  try {
    event = JSON.parse(await readFile(path, 'utf8')) as typeof event
  } catch (error) {
    throw new Fault('FILE_FAILED', `${path}, the event that GITHUB_EVENT_PATH names, cannot be read`, {
      retry: 'never',
      cause: error,
    })
  }
  const number = event.pull_request?.number ?? (event.issue?.pull_request ? event.issue.number : undefined)
  return Number.isSafeInteger(number) ? (number as number) : undefined
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UsageError(`error: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  })
  return bounded(bytes)
}

async function readInput({ stdin }: World): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(chunk)
    length += chunk.length
    if (length > bytesMax) break
  }
  return bounded(Buffer.concat(chunks))
}

function bounded(bytes: Buffer): string {
  if (bytes.length > bytesMax) throw new UsageError(`error: the text has more than ${bytesMax} bytes`)
  return bytes.toString('utf8').replaceAll('\r\n', '\n')
}
