import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { fixedSettings, type GitOutput, type GitPlace, gitVariables, notStarted } from './run.ts'

/** What a server may cost us that answers slowly, for ever, or with too much. */
export interface ConnectionBounds {
  /** From the start of a command to its end. */
  readonly milliseconds: number
  /** Of the whole clone. */
  readonly bytes: number
}

export const connectionBounds: ConnectionBounds = { milliseconds: 5 * 60_000, bytes: 4 * 2 ** 30 }

/** What a server says while it works is ours to keep in memory. */
const wordsBytesMax = 16 * 2 ** 20
const lookMilliseconds = 500

/** @see https://git-scm.com/docs/git-config: a redirect may lead to an address that only this machine reaches, e.g. one that hands out credentials */
const connectionSettings = [...fixedSettings, 'http.followRedirects=false', 'core.bigFileThreshold=32m']

/**
 * Runs one of the commands that talk to a server. A terminal's interrupt reaches every process in front of it, Git's too, while we go on to
 * stop in order: what a signal has ended is done once more. Each of these commands may be repeated.
 * @throws Fault GIT_FAILED when the repository is larger than it may be; GIT_MISSING
 */
export async function connect(place: GitPlace, args: readonly string[], bounds: ConnectionBounds): Promise<GitOutput> {
  const signalled: GitOutput = { code: 128, stdout: Buffer.alloc(0), stderr: 'git was ended by a signal' }
  return (await connectOnce(place, args, bounds)) ?? (await connectOnce(place, args, bounds)) ?? signalled
}

/** Undefined when a signal ended it that is none of ours. The arguments are ours alone. */
async function connectOnce(
  place: GitPlace,
  args: readonly string[],
  bounds: ConnectionBounds,
): Promise<GitOutput | undefined> {
  let code = 0
  let signalled = false
  let stderr = ''
  await mkdir(place.folder, { recursive: true })
  const variables = gitVariables(place)
  const limit = limitTo(place, bounds)
  const { simpleGit } = await import('simple-git')
  try {
    const client = simpleGit({
      baseDir: place.folder,
      config: connectionSettings,
      abort: limit.signal,
      // Both are checked: the variables by `gitVariables`, the settings are the fixed ones.
      allowEnvironment: Object.keys(variables),
      unsafe: {
        allowUnsafeConfigPaths: true,
        allowUnsafeHooksPath: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeAskPass: true,
        allowUnsafeSshCommand: true,
      },
      errors: (error, result) => {
        // No code at all: a signal ended it, which simple-git takes for a success.
        signalled = (result.exitCode as number | null) === null
        code = result.exitCode
        stderr = Buffer.concat(result.stdErr).toString('utf8')
        return error
      },
    })
    const text = await client
      .env(variables)
      .outputHandler((_, stdout, words) => {
        for (const stream of [stdout, words]) stream.on('data', (chunk: Buffer) => limit.hear(chunk.length))
      })
      .raw([...args])
    return signalled ? undefined : { code, stdout: Buffer.from(text), stderr }
  } catch {
    if (limit.signal.aborted) return await limit.outcome()
    // A negative code is the error number of a program that could not be started; none is there where somebody has just taken the folder away. The
    // error names arguments, so it goes no further.
    if (!signalled && code <= 0) throw await notStarted(place, code === -2 ? 'ENOENT' : undefined)
    return { code: code || 128, stdout: Buffer.alloc(0), stderr }
  } finally {
    limit.end()
  }
}

/** Ends a command that costs more than it may. */
function limitTo(place: GitPlace, { milliseconds, bytes }: ConnectionBounds) {
  const controller = new AbortController()
  let heard = 0
  let tooLarge = false
  const timer = setTimeout(() => controller.abort(), milliseconds)
  const look = setInterval(() => {
    void sizeOf(join(place.folder, 'objects')).then((size) => {
      if (size <= bytes) return
      tooLarge = true
      controller.abort()
    })
  }, lookMilliseconds)
  return {
    signal: controller.signal,
    hear: (length: number): void => {
      heard += length
      if (heard > wordsBytesMax) controller.abort()
    },
    end: (): void => {
      clearTimeout(timer)
      clearInterval(look)
    },
    outcome: async (): Promise<GitOutput> => {
      if (!tooLarge) {
        const why = heard > wordsBytesMax ? 'it said too much' : `no answer in ${milliseconds / 1000} seconds`
        return { code: 128, stdout: Buffer.alloc(0), stderr: why }
      }
      // What has come so far is of no use, and the room is needed.
      await rm(place.folder, { recursive: true, force: true }).catch(() => undefined)
      throw new Fault('GIT_FAILED', `the repository is larger than ${Math.round(bytes / 2 ** 20)} MiB`, {
        retry: 'never',
        hint: 'name a repository that holds only what is deployed, or begin a new one: its history is not needed',
      })
    },
  }
}

async function sizeOf(folder: string): Promise<number> {
  let size = 0
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) size += await sizeOf(path)
    else size += (await stat(path).catch(() => undefined))?.size ?? 0
  }
  return size
}
