import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Document, loadDocuments } from '../../compiler/load/document.ts'
import type { KubernetesVersion } from '../../compiler/manifest/schemas.ts'
import { Fault } from '../../domain/fault.ts'
import { problem } from '../../compiler/problem.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { Rules } from '../../reconciler/decide/rules.ts'
import { Settings as isSound } from './settings.built.js'
import { type WholeSettings, type WrongInSettings, type WrittenSettings, wrongInSettings } from './settings-schema.ts'
import { usual } from './usual-settings.ts'
import { UsageError } from '../world.ts'

export const settingsFile = 'specyard.yaml'

export interface SpecBranch {
  readonly repository: string
  readonly branch: string
  /** Whether what is asked for over the API becomes a pull request, rather than a commit of the branch. */
  readonly pullRequests: boolean
}

/** How this spec repository is published and served; complete, checked and frozen. */
export interface Settings {
  /** Root of the spec repository, absolute. */
  readonly root: string
  /** What `--kube-version` says; undefined where the Environments decide. */
  readonly kubernetesVersion: KubernetesVersion | undefined
  /** `.specyard/` under the root unless SPECYARD_STATE says otherwise: everything of the embedded default, and copies of repositories. */
  readonly stateFolder: string
  /** Path or URL of the deploy repository, usable by Git from any folder. */
  readonly deployRepository: string
  /** The same as it is written in the settings file: what Applications name. */
  readonly deployUrl: string
  readonly deployBranch: string
  /** True when the deploy repository is the embedded default's own, which no other writer shares. */
  readonly embeddedDeploy: boolean
  /** Whether commits are signed; as Git's own commit.gpgSign says where it is undefined. */
  readonly signCommits: boolean | undefined
  /** Where a service without a working tree reads and writes specs; undefined for the working tree. */
  readonly specs: SpecBranch | undefined
  readonly port: number
  readonly reconcileCron: string
  /** Other times than the usual ones that decisions wait for. */
  readonly graces: Partial<Rules>
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly signingKey: string | undefined
  /** By which a forge proves that it tells of a push; undefined where none may. */
  readonly webhookSecret: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads `specyard.yaml` in `start` or the nearest folder above it, and the variables DATABASE_URL, REDIS_URL, SPECYARD_SIGNING_KEY,
 * SPECYARD_WEBHOOK_SECRET and SPECYARD_STATE.
 * @throws Fault NOT_A_SPEC_REPOSITORY, SETTINGS_INVALID; UsageError where `start` is no folder
 */
export async function readSettings(start: string, environment: Environment): Promise<Settings> {
  const root = findRoot(resolve(start))
  return settingsFrom(readFileSync(join(root, settingsFile), 'utf8'), root, environment)
}

/**
 * The same for whoever tells what is wrong with the file beside everything else: its problems, and then the settings of a file that says nothing.
 * @throws Fault NOT_A_SPEC_REPOSITORY; SETTINGS_INVALID for a variable
 */
export async function inspectSettings(
  start: string,
  environment: Environment,
): Promise<{ readonly settings: Settings; readonly problems: readonly Problem[] }> {
  const root = findRoot(resolve(start))
  const text = readFileSync(join(root, settingsFile), 'utf8')
  const { value, problems } = inspected(text)
  const written = value ?? { apiVersion: 'specyard.dev/v1', kind: 'Settings' }
  return { settings: settingsOf(written, root, environment), problems }
}

/**
 * The settings that a text says, e.g. that of another revision.
 * @param root of the spec repository, absolute: relative addresses start there
 * @throws Fault SETTINGS_INVALID
 */
export function settingsFrom(text: string, root: string, environment: Environment): Settings {
  const { value, problems } = inspected(text)
  if (value) return settingsOf(value, root, environment)
  const [{ where, message = '', hint = usualHint } = {} as Partial<Problem>] = problems
  const { line = 1, column = 1 } = where ?? {}
  throw new Fault('SETTINGS_INVALID', `${settingsFile}:${line}:${column}: ${message}`, { retry: 'never', hint })
}

const usualHint = 'docs/handbook has the settings of a spec repository'

/** What a text says, or everything that is wrong with it. */
function inspected(text: string): { readonly value?: WrittenSettings; readonly problems: readonly Problem[] } {
  const { documents, problems } = loadDocuments({ path: settingsFile, bytes: new TextEncoder().encode(text) })
  if (problems.length > 0) return { problems }
  const [document] = documents
  // What tells what is wrong takes longer to load than everything else here, and nearly every file is sound.
  if (isSound(document?.value)) return { value: document?.value as WrittenSettings, problems }
  const wrong = wrongInSettings(document?.value)
  return { problems: wrong.map((one) => problem(one.code, placeOf(one, document), one.message, { hint: one.hint })) }
}

function settingsOf(written: WrittenSettings, root: string, environment: Environment): Settings {
  const { deploy, specs, api, reconcile } = completed(written)
  const stateFolder = resolve(root, environment['SPECYARD_STATE'] || '.specyard')
  const deployUrl = deploy.repository ?? '.specyard/deploy.git'
  const deployRepository = deploy.repository ? addressFrom(root, deployUrl) : join(stateFolder, 'deploy.git')
  return Object.freeze({
    root,
    kubernetesVersion: undefined,
    stateFolder,
    deployRepository,
    deployUrl,
    deployBranch: deploy.branch,
    embeddedDeploy: deployRepository.startsWith(`${stateFolder}/`),
    signCommits: deploy.sign,
    specs: specs.repository ? { ...specs, repository: addressFrom(root, specs.repository) } : undefined,
    port: api.port,
    reconcileCron: reconcile.cron,
    graces: gracesOf(reconcile.graceSeconds),
    databaseUrl: environment['DATABASE_URL'] || undefined,
    redisUrl: environment['REDIS_URL'] || undefined,
    signingKey: environment['SPECYARD_SIGNING_KEY'] || undefined,
    webhookSecret: checkedSecret(environment['SPECYARD_WEBHOOK_SECRET']),
  })
}

const secretCharactersMin = 16

/** @throws Fault SETTINGS_INVALID for one that can be guessed */
function checkedSecret(secret: string | undefined): string | undefined {
  if (!secret) return undefined
  if (secret.length >= secretCharactersMin) return secret
  throw new Fault('SETTINGS_INVALID', `SPECYARD_WEBHOOK_SECRET has fewer than ${secretCharactersMin} characters`, {
    retry: 'never',
    hint: 'make one with: openssl rand -hex 32; and give the same to the webhook of your forge',
  })
}

/** With what holds where nothing is said. */
export function completed({ deploy, specs, api, reconcile, ...rest }: WrittenSettings): WholeSettings {
  const { branch, port, pullRequests, cron } = usual
  return {
    ...rest,
    deploy: { branch, ...deploy },
    specs: { branch, pullRequests, ...specs },
    api: { port, ...api },
    reconcile: { cron, graceSeconds: {}, ...reconcile },
    // A file has a key with a value, or has none.
  } as WholeSettings
}

function gracesOf({
  end,
  lost,
  configuration,
  image,
  quota,
  prune,
}: WholeSettings['reconcile']['graceSeconds']): Partial<Rules> {
  return {
    ...(end === undefined ? {} : { decisionGraceSeconds: end, localDecisionGraceSeconds: end }),
    ...(lost === undefined ? {} : { lostGraceSeconds: lost }),
    ...(configuration === undefined ? {} : { configGraceSeconds: configuration }),
    ...(image === undefined ? {} : { imageGraceSeconds: image }),
    ...(quota === undefined ? {} : { quotaGraceSeconds: quota }),
    ...(prune === undefined ? {} : { pruneGraceSeconds: prune }),
  }
}

/** An address as Git can use it from any folder: a path is relative to the settings file. */
function addressFrom(root: string, written: string): string {
  const remote = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(written)
  return remote || isAbsolute(written) ? written : join(root, written)
}

/** What stands above a folder that is not there is not what somebody means who misspelt its name. */
function findRoot(start: string): string {
  if (!statSync(start, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`error: there is no folder ${start}`)
  for (let folder = start; ; folder = dirname(folder)) {
    try {
      readFileSync(join(folder, settingsFile))
      return folder
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
      // Settings that are there hold, and not those of a folder above.
      if (!['ENOENT', 'ENOTDIR'].includes(code)) throw unreadable(join(folder, settingsFile), code)
      if (dirname(folder) === folder) break
    }
  }
  throw new Fault('NOT_A_SPEC_REPOSITORY', `there is no ${settingsFile} in ${start} or in a folder above it`, {
    retry: 'never',
    hint: `run the command inside a spec repository, or name one with --directory; a ${settingsFile} of two lines (apiVersion: specyard.dev/v1, kind: Settings) makes a folder one`,
  })
}

function unreadable(path: string, code: string): Fault {
  return new Fault('SETTINGS_INVALID', `${path} cannot be read (${code})`, {
    retry: 'never',
    hint: 'it must be a file that you may read: check its permissions and those of the folders above it',
  })
}

/** An empty file has no document, and a key that is missing no place but that of what it is missing from. */
function placeOf({ pointer, isKey }: WrongInSettings, document: Document | undefined): Place {
  if (!document) return { file: settingsFile, line: 1, column: 1 }
  return isKey ? document.locateKey(pointer) : document.locate(pointer)
}
