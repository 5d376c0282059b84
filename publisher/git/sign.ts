import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { type NewCommit, plain, secondsOf } from './import.ts'
import { type GitPlace, git, gitSaid, runGit } from './run.ts'

/*
 * What Git's own configuration of the user says, and nothing else, decides how commits are signed: commit.gpgSign, user.signingKey, gpg.format,
 * gpg.program, gpg.ssh.program, gpg.ssh.allowedSignersFile. `git fast-import` cannot sign, so a signed commit is made from the tree of the unsigned one.
 */

export interface Signing {
  /** Makes each commit again with a signature, each on top of the one before. @throws Fault GIT_SIGNING_FAILED, GIT_FAILED */
  sign(parent: string | null, unsigned: readonly string[], commits: readonly NewCommit[]): Promise<readonly string[]>
  /** Those of these commits that carry a good signature of our key. */
  signed(commits: readonly string[]): Promise<ReadonlySet<string>>
}

/** A program that asks a person for a passphrase would wait for one for ever. */
const signingMilliseconds = 60_000

interface Configured {
  readonly format: string
  readonly key: string
  /** Arguments by which Git finds the keys that it may trust. */
  readonly trusted: readonly string[]
}

/**
 * @param wish whether to sign: as `commit.gpgSign` says where it is undefined
 * @returns undefined where commits are not signed
 * @throws Fault GIT_SIGNING_FAILED where they should be and no usable key is named
 */
export async function openSigning(
  place: GitPlace,
  email: string,
  cacheFolder: string,
  wish: boolean | undefined,
): Promise<Signing | undefined> {
  const wanted = wish ?? (await configured(place, 'commit.gpgSign', 'bool')) === 'true'
  if (!wanted) return undefined
  const key = await configured(place, 'user.signingKey')
  if (key === undefined) {
    // Whoever has only commit.gpgSign lets GnuPG choose a key by the committer's address, and nobody has one for ours.
    if (wish === undefined) return undefined
    throw failed('commits are to be signed, and no key is named', 'git config --global user.signingKey <key> names one')
  }
  const format = (await configured(place, 'gpg.format')) ?? 'openpgp'
  if (format !== 'ssh' && format !== 'openpgp') {
    throw failed(`gpg.format is ${format}, which is not supported`, 'use ssh or openpgp')
  }
  const trusted = format === 'ssh' ? await allowedSigners(place, email, key, cacheFolder) : []
  const about: Configured = { format, key, trusted }
  const known = new Map<string, boolean>()
  return {
    sign: (parent, unsigned, commits) => signAll(place, parent, unsigned, commits),
    signed: async (commits) => {
      const asked = commits.filter((commit) => !known.has(commit))
      const good = asked.length === 0 ? new Set<string>() : await verify(place, about, email, asked)
      for (const commit of asked) known.set(commit, good.has(commit))
      return new Set(commits.filter((commit) => known.get(commit)))
    },
  }
}

async function signAll(
  place: GitPlace,
  parent: string | null,
  unsigned: readonly string[],
  commits: readonly NewCommit[],
): Promise<readonly string[]> {
  const ids: string[] = []
  for (const [index, { author, at, message, merges }] of commits.entries()) {
    const on = ids.at(-1) ?? parent
    const parents = [on, merges].flatMap((one) => (one === null || one === undefined ? [] : ['-p', one]))
    const [name, date] = [plain(author.name), `${secondsOf(at)} +0000`]
    const person = { NAME: name, EMAIL: author.email, DATE: date }
    const variables = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => Object.entries(person).map(([what, is]) => [`GIT_${who}_${what}`, is])),
    )
    const args = ['commit-tree', '-S', ...parents, '-F', '-', `${unsigned[index]}^{tree}`]
    const call = { variables: { ...variables, SSH_ASKPASS_REQUIRE: 'never' }, milliseconds: signingMilliseconds }
    const output = await runGit(place, args, [message], call)
    if (output.code !== 0) {
      const words = gitSaid(output.stderr, place.secrets)
      throw failed(
        `a commit could not be signed: ${words}`,
        'echo test | git commit-tree -S HEAD^{tree} must work for this user without a question: look at user.signingKey, gpg.format and the key',
      )
    }
    ids.push(output.stdout.toString('latin1').trim())
  }
  return ids
}

/**
 * An SSH key is ours when it is allowed for our address; an OpenPGP key when it is the one that we sign with, or one that is trusted and has our
 * address: by that a new key can take the place of an old one.
 */
async function verify(
  place: GitPlace,
  { format, key, trusted }: Configured,
  email: string,
  commits: readonly string[],
): Promise<ReadonlySet<string>> {
  const shape = '--format=%H%x00%G?%x00%GF%x00%GP%x00%GS'
  const args = [...trusted, 'log', '--no-walk=unsorted', '--no-show-signature', '--stdin', shape]
  const text = await git(place, args, [`${commits.join('\n')}\n`])
  const wanted = key.replace(/^0x|[\s!]/g, '').toUpperCase()
  const isOurs = (verdict: string, fingerprints: readonly string[], signer: string): boolean => {
    if (format === 'ssh') return verdict === 'G' && signer === email
    if (verdict === 'G' && signer.endsWith(`<${email}>`)) return true
    return 'GU'.includes(verdict) && /^[0-9A-F]{16,}$/.test(wanted) && fingerprints.some((one) => one.endsWith(wanted))
  }
  const lines = text.split('\n').map((line) => line.split('\0'))
  return new Set(
    lines.flatMap(([id = '', verdict = '', own = '', primary = '', signer = '']) =>
      verdict !== '' && isOurs(verdict, [own, primary], signer) ? [id] : [],
    ),
  )
}

/** The file that Git's configuration names, or else one of ours that allows our own key. */
async function allowedSigners(
  place: GitPlace,
  email: string,
  key: string,
  cacheFolder: string,
): Promise<readonly string[]> {
  if ((await configured(place, 'gpg.ssh.allowedSignersFile', 'path')) !== undefined) return []
  const publicKey = await publicKeyOf(place, key)
  const path = join(cacheFolder, 'allowed-signers')
  const text = `${email} namespaces="git" ${publicKey}\n`
  if ((await readFile(path, 'utf8').catch(() => null)) !== text) {
    const temporary = `${path}.${randomUUID()}`
    await writeFile(temporary, text, { mode: 0o600 })
    await rename(temporary, path)
  }
  return ['-c', `gpg.ssh.allowedSignersFile=${path}`]
}

const publicKeyLine = /^((?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+)/m

/** The public half, from the key itself or from the file that Git's configuration names or the one beside it. */
async function publicKeyOf(place: GitPlace, key: string): Promise<string> {
  const written = publicKeyLine.exec(key.replace(/^key::/, ''))?.[1]
  if (written) return written
  const path = (await configured(place, 'user.signingKey', 'path')) ?? key
  for (const candidate of [path, `${path}.pub`]) {
    const found = publicKeyLine.exec(await readFile(candidate, 'utf8').catch(() => ''))?.[1]
    if (found) return found
  }
  throw failed(
    `the public half of the signing key ${path} is not there`,
    'put it beside the key: ssh-keygen -y -f <key> > <key>.pub; or name a gpg.ssh.allowedSignersFile',
  )
}

async function configured(place: GitPlace, name: string, type?: 'bool' | 'path'): Promise<string | undefined> {
  const typed = type === undefined ? [] : [`--type=${type}`]
  const output = await runGit(place, ['config', '--global', '--includes', ...typed, '--get', name])
  return output.code === 0 ? output.stdout.toString('utf8').replace(/\n$/, '') : undefined
}

function failed(message: string, hint: string): Fault {
  return new Fault('GIT_SIGNING_FAILED', message, { retry: 'later', hint })
}
