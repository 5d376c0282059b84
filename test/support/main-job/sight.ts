import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../../../local/process/files.ts'
import { type Exit, podFiles, type Progress, readExit, readProgress } from '../../../local/process/pod-files.ts'
import type { PodObject, SecretObject } from '../../../local/store/objects.ts'
import type { Example } from './example.ts'

export interface SeenPodFolder {
  readonly folder: string
  readonly pod: PodObject
  readonly exit: Exit | undefined
  readonly progress: Progress | undefined
}

/** What can be seen of the main job from outside: files under `.specyard/`, commits, answers of the API. Nothing is asked of `up` itself. */
export interface Sight {
  has(...path: readonly string[]): boolean
  /** Names of the Jobs in the local cluster. */
  jobs(): readonly string[]
  pods(): readonly SeenPodFolder[]
  /** Pods of one attempt of a training, by its name. */
  podsOf(name: string, attempt: number): readonly SeenPodFolder[]
  secrets(): readonly SecretObject[]
  /** What the deploy repository's commits say, newest first: the subject of each, or its operations where there are several; empty before there is one. */
  commits(): readonly string[]
  /** Paths of the deploy repository at its head. */
  published(): ReadonlyMap<string, string>
  /** An answer of the API at the address that the lock names; undefined while there is none. */
  ask(path: string): Promise<unknown>
  /** Logs of all containers, those of pods that have been taken away too. */
  logs(): readonly string[]
  /** Lines in which trainers say that they begin, as `<name> <attempt>`, with the traces of runs given by name. */
  trainerStarts(traces: ReadonlyMap<string, string>): readonly string[]
}

export function lookAt({ state }: Example): Sight {
  const local = (...path: readonly string[]) => join(state, 'local', ...path)
  const deploy = join(state, 'deploy.git')
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', deploy, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  // Asked again and again: Git is, only when the branch has moved.
  let known = { head: '', subjects: [] as readonly string[] }
  const commits = (): readonly string[] => {
    const head = textOf(join(deploy, 'refs', 'heads', 'main')).trim()
    if (head !== '' && head !== known.head) {
      known = { head, subjects: git('log', '-z', '--format=%B', head).split('\0').flatMap(toldBy) }
    }
    return known.subjects
  }
  const pods = (): readonly SeenPodFolder[] =>
    namesIn(local('pods')).flatMap((uid) => {
      const folder = local('pods', uid)
      const pod = readJson(podFiles.pod(folder)) as PodObject | undefined
      return pod ? [{ folder, pod, exit: readExit(folder), progress: readProgress(folder) }] : []
    })
  return {
    has: (...path) => existsSync(join(state, ...path)),
    jobs: () => namesBelow(local('jobs')).map((name) => name.replace(/\.json$/, '')),
    pods,
    podsOf: (name, attempt) =>
      pods().filter(({ pod }) => {
        const jobName = pod.labels['batch.kubernetes.io/job-name'] ?? ''
        return pod.owner.kind === 'Job' && pod.owner.attempt === attempt && jobName.startsWith(`${name}-`)
      }),
    secrets: () =>
      namesIn(local('secrets')).flatMap((namespace) =>
        namesIn(local('secrets', namespace)).flatMap((name) => {
          const secret = name.endsWith('.json') ? readJson(local('secrets', namespace, name)) : undefined
          return secret ? [secret as SecretObject] : []
        }),
      ),
    commits,
    published: () => readTree(git),
    ask: (path) => askLockHolder(state, path),
    logs: () => [
      ...namesIn(local('logs')).map((name) => textOf(local('logs', name))),
      ...namesIn(local('pods')).flatMap((uid) =>
        namesIn(local('pods', uid, 'logs')).map((name) => textOf(local('pods', uid, 'logs', name))),
      ),
    ],
    trainerStarts(traces) {
      const names = new Map([...traces].map(([name, trace]) => [trace, name]))
      const starts = this.logs().flatMap((log) =>
        [
          ...log.matchAll(/^\[TRACE:([^\]]+)\] attempt (\d+) (?:begins at the beginning|goes on from checkpoint)/gm),
        ].map(([, trace = '', attempt]) => `${names.get(trace) ?? trace} ${attempt}`),
      )
      return starts.sort()
    },
  }
}

function readTree(git: (...args: readonly string[]) => string): ReadonlyMap<string, string> {
  const paths = git('ls-tree', '-r', '--name-only', '-z', 'main').split('\0')
  return new Map(paths.filter((path) => path !== '').map((path) => [path, git('show', `main:${path}`)]))
}

async function askLockHolder(state: string, path: string): Promise<unknown> {
  const holder = readJson(join(state, 'lock')) as { url?: string | null } | undefined
  if (!holder?.url) return undefined
  try {
    const answer = await fetch(`${holder.url}${path}`, { signal: AbortSignal.timeout(2000) })
    return answer.ok ? await answer.json() : undefined
  } catch {
    // Nobody is there yet, or any more.
    return undefined
  }
}

/** What somebody takes away while it is listed is not there. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
  } catch {
    return []
  }
}

function namesBelow(folder: string): readonly string[] {
  return namesIn(folder).flatMap((inner) => namesIn(join(folder, inner)).filter((name) => name.endsWith('.json')))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Operations that come together are one commit, whose subject names the first of them. */
function toldBy(message: string): readonly string[] {
  const [subject = '', ...body] = message.split('\n')
  const operations = body.filter((line) => /^(Retry|Retire|Conclude|Cancel|Register) /.test(line))
  return operations.length > 0 ? operations : subject === '' ? [] : [subject]
}
