import type { ApplicationSource, ForeignApplication } from '../cluster.ts'
import type { DeployFiles } from '../files.ts'

/** A repository's address without what two spellings of it differ in: scheme, user, port, `.git`, a slash at the end, the case of the host. */
export function comparableAddress(address: string): string {
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(\/.*)?$/i.exec(address)
  const short = url ? undefined : /^(?:[^@/:]+@)?([^/:]+):(?!\/\/)(.+)$/.exec(address)
  const host = url ? (url[2] ?? '').replace(/^.*@/, '') : (short?.[1] ?? '')
  const path = (url ? (url[3] ?? '') : (short?.[2] ?? address)).replace(/\/+$/, '').replace(/\.git$/, '')
  const isFile = url?.[1]?.toLowerCase() === 'file'
  // Ports stay for http, where a server may have several repositories of one path; ssh has another one for the same.
  const named = /^ssh$/i.test(url?.[1] ?? '') ? host.replace(/:\d+$/, '') : host.replace(/:(80|443)$/, '')
  return isFile || (!url && !short) ? path : `${named.toLowerCase()}/${path.replace(/^\/+/, '')}`
}

/** Which Applications take what they apply from the deploy repository that was read. */
export interface Belonging {
  /** Sources of an Application that are this repository. */
  sourcesOf(application: ForeignApplication): readonly ApplicationSource[]
  /** The address that Applications name, where it is another one than was given and was taken for the same. */
  readonly assumed: string | null
}

/**
 * Where the repository was given by an address that no Application names, and all of them name one and the same, that one is meant: a mirror, a
 * clone without a remote, another port.
 */
export function belongingOf(applications: readonly ForeignApplication[], files: DeployFiles | null): Belonging {
  if (!files) return { sourcesOf: () => [], assumed: null }
  const known = new Set([files.repository, ...files.aliases].map(comparableAddress))
  const named = new Set(
    applications.flatMap(({ sources }) => sources.filter(isGit).map(({ repository }) => repository)),
  )
  const matches = [...named].filter((address) => known.has(comparableAddress(address)))
  const [only] = named
  const assumed = matches.length === 0 && named.size === 1 && only !== undefined ? only : null
  const accepted = new Set(assumed === null ? matches : [assumed])
  return {
    sourcesOf: ({ sources }) => sources.filter((one) => isGit(one) && accepted.has(one.repository)),
    assumed,
  }
}

export function isGit({ chart, path }: ApplicationSource): boolean {
  return chart === null && path !== null
}
