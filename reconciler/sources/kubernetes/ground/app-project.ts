import { type Finding, ok, problem } from './finding.ts'

/** The fields of Argo CD's AppProject that are read. @see https://argo-cd.readthedocs.io/en/stable/user-guide/projects/ */
export interface AppProject {
  readonly metadata?: { readonly name?: string }
  readonly spec?: {
    readonly sourceRepos?: readonly string[]
    readonly destinations?: readonly { readonly server?: string; readonly name?: string; readonly namespace?: string }[]
    readonly namespaceResourceWhitelist?: readonly Kind[]
    readonly namespaceResourceBlacklist?: readonly Kind[]
    readonly syncWindows?: readonly SyncWindow[]
  }
}

interface SyncWindow {
  readonly kind?: string
  readonly schedule?: string
  readonly duration?: string
}

export interface Kind {
  readonly group?: string
  readonly kind?: string
}

export interface Destination {
  readonly server?: string
  readonly name?: string
  readonly namespace: string
  /** What Applications bring there. */
  readonly kinds: readonly Required<Kind>[]
}

/** What a project forbids of what our Applications want: sources, destinations, kinds, times. */
export function projectFindings(
  { metadata, spec = {} }: AppProject,
  wanted: { readonly repository: string; readonly destinations: readonly Destination[] },
): readonly Finding[] {
  const project = `AppProject ${metadata?.name ?? ''}`
  const findings: Finding[] = []
  const say = (allowed: boolean, what: string, remedy: string): void => {
    findings.push(allowed ? ok(`${project} allows ${what}`) : problem(`${project} does not allow ${what}`, remedy))
  }
  const { repository, destinations } = wanted
  say(
    allowsSource(repository, spec.sourceRepos ?? []),
    `the source ${repository}`,
    `add it to the project: argocd proj add-source ${metadata?.name ?? 'default'} ${repository}`,
  )
  for (const one of destinations) {
    const cluster = one.name ?? one.server ?? ''
    say(
      allowsDestination(spec.destinations ?? [], one),
      `the destination ${cluster}, namespace ${one.namespace}`,
      `add it to the project: argocd proj add-destination ${metadata?.name ?? 'default'} ${cluster} ${one.namespace}`,
    )
  }
  const kinds = new Map(destinations.flatMap((one) => one.kinds).map((kind) => [`${kind.group}/${kind.kind}`, kind]))
  const refused = [...kinds.values()].filter((kind) => !allowsKind(spec, kind)).map(({ kind }) => kind)
  say(
    refused.length === 0,
    refused.length === 0 ? 'every kind that is rendered' : `the kinds ${refused.join(', ')}`,
    'take them from namespaceResourceBlacklist, or add them to namespaceResourceWhitelist',
  )
  const windows = spec.syncWindows ?? []
  if (windows.length > 0) findings.push(windowsFinding(project, windows))
  return findings
}

/** Jobs are brought by syncs: outside a window nothing starts, ends or is retired. */
function windowsFinding(project: string, windows: readonly SyncWindow[]): Finding {
  const told = windows.map(({ kind, schedule, duration }) => `${kind ?? '?'} ${schedule ?? '?'} for ${duration ?? '?'}`)
  return problem(
    `${project} has sync windows (${told.join('; ')}): while one forbids syncs, nothing that is published starts, is cancelled or is retired`,
    'let the windows match other applications than those of Specyard',
  )
}

/** Under either of these an Application names the cluster that Argo CD runs in. */
const inCluster = { server: 'https://kubernetes.default.svc', name: 'in-cluster' } as const

/**
 * One entry has to allow cluster and namespace, and none may forbid them. An entry that begins with `!` forbids what follows, and allows all else.
 */
function allowsDestination(
  entries: readonly { readonly server?: string; readonly name?: string; readonly namespace?: string }[],
  wanted: Destination,
): boolean {
  const server = wanted.name === inCluster.name ? inCluster.server : wanted.server
  const name = wanted.server === inCluster.server ? inCluster.name : wanted.name
  let allowed = false
  for (const entry of entries) {
    const isServer = server !== undefined && allows(entry.server, server)
    const isName = name !== undefined && allows(entry.name, name)
    const isNamespace = allows(entry.namespace, wanted.namespace)
    if ((isServer || isName) && isNamespace) allowed = true
    else if (isDenial(entry.name) && !isName) return false
    else if (isDenial(entry.server) && !isServer && isNamespace) return false
    else if (isDenial(entry.namespace) && !isNamespace && isServer) return false
  }
  return allowed
}

function allowsKind(spec: NonNullable<AppProject['spec']>, kind: Required<Kind>): boolean {
  const isOne = (one: Kind): boolean => matches(kind.group, one.group ?? '') && matches(kind.kind, one.kind ?? '')
  const { namespaceResourceWhitelist: white, namespaceResourceBlacklist: black } = spec
  // Left out it allows everything; a list that is empty allows nothing.
  return (white === undefined || white.some(isOne)) && !(black ?? []).some(isOne)
}

/** Like destinations; in an address `*` stands for text without a slash, `**` for any. */
function allowsSource(repository: string, patterns: readonly string[]): boolean {
  const wanted = plainAddress(repository)
  const isSo = (pattern: string): boolean => pattern === '*' || matches(wanted, plainAddress(pattern), '/')
  const denies = patterns.filter(isDenial)
  if (denies.some((one) => isSo(one.slice(1)))) return false
  return denies.length > 0 || patterns.some((one) => !isDenial(one) && isSo(one))
}

function plainAddress(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
}

function isDenial(pattern: string | undefined): boolean {
  return pattern?.startsWith('!') ?? false
}

function allows(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return false
  return isDenial(pattern) ? !matches(text, pattern.slice(1)) : matches(text, pattern)
}

/** A pattern with `*` for any text, or for text without a separator where there is one; then `**` stands for any. */
function matches(text: string, pattern: string, separator = ''): boolean {
  const one = separator === '' ? '.*' : `[^${separator}]*`
  const escaped = pattern
    .split('**')
    .map((part) =>
      part
        .split('*')
        .map((plain) => plain.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
        .join(one),
    )
    .join('.*')
  return new RegExp(`^${escaped}$`).test(text)
}
