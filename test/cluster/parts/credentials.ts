import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../base/command.ts'

/*
 * Who there is on the bed, as the API server knows them, and the files by which they show it. RBAC decides what each may do; only the
 * administrator, Argo CD, kwok, Kueue, CoreDNS and what serving tests start (KServe, KubeRay, metrics-server) are in system:masters.
 */

const users = {
  admin: { user: 'admin', group: 'system:masters' },
  'controller-manager': { user: 'system:kube-controller-manager', group: '' },
  scheduler: { user: 'system:kube-scheduler', group: '' },
  kubelet: { user: 'system:node:real-1', group: 'system:nodes' },
  kwok: { user: 'kwok', group: 'system:masters' },
  argocd: { user: 'argocd', group: 'system:masters' },
  kueue: { user: 'kueue', group: 'system:masters' },
  kserve: { user: 'kserve', group: 'system:masters' },
  kuberay: { user: 'kuberay', group: 'system:masters' },
  'metrics-server': { user: 'metrics-server', group: 'system:masters' },
  coredns: { user: 'coredns', group: 'system:masters' },
} as const

export type User = keyof typeof users

/** Folder of keys and certificates; the API server writes its own certificate, apiserver.crt, there too. */
export function keysFolder(bed: string): string {
  return join(bed, 'keys')
}

export function certificateAuthority(bed: string): string {
  return join(keysFolder(bed), 'apiserver.crt')
}

/** A kubeconfig file whose user is this one. */
export function kubeconfigOf(bed: string, user: User): string {
  return join(bed, 'kubeconfigs', `${user}.yaml`)
}

export interface Doors {
  /** https://127.0.0.1:port of the API server itself: for the administrator, and so for tests. */
  readonly apiServer: string
  /** https://127.0.0.1:port of the gateway before it: for the bed's own parts. */
  readonly gateway: string
}

/**
 * Makes a token and a kubeconfig for each user, and the keys that sign service accounts' tokens.
 * @returns the administrator's token
 */
export function writeCredentials(bed: string, { apiServer, gateway }: Doors): string {
  for (const folder of [keysFolder(bed), join(bed, 'kubeconfigs')]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const secret = { mode: 0o600 }
  writeFileSync(join(keysFolder(bed), 'service-accounts.key'), pair.privateKey, secret)
  writeFileSync(join(keysFolder(bed), 'service-accounts.pub'), pair.publicKey, secret)
  const rows: string[] = []
  let administrator = ''
  for (const [name, { user, group }] of Object.entries(users)) {
    const token = randomBytes(24).toString('hex')
    const isAdministrator = name === 'admin'
    if (isAdministrator) administrator = token
    rows.push([token, user, user, ...(group === '' ? [] : [`"${group}"`])].join(','))
    const server = isAdministrator ? apiServer : gateway
    writeFileSync(kubeconfigOf(bed, name as User), kubeconfig(bed, server, name, token), secret)
  }
  writeFileSync(join(keysFolder(bed), 'tokens.csv'), `${rows.join('\n')}\n`, secret)
  return administrator
}

/** The name of the one context of every kubeconfig here. */
export const context = 'testbed'

/** A kubeconfig as JSON, which is YAML too. */
export function kubeconfig(bed: string, server: string, user: string, token: string, namespace = 'default'): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority': certificateAuthority(bed) } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user, namespace } }],
    'current-context': context,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

export interface Certificate {
  /** Paths of PEM files. */
  readonly certificate: string
  readonly key: string
}

/** A certificate for 127.0.0.1 that is its own authority. */
export async function selfSigned(folder: string, name: string): Promise<Certificate> {
  mkdirSync(folder, { recursive: true })
  const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const options = '-x509 -newkey rsa:2048 -nodes -days 30 -addext subjectAltName=IP:127.0.0.1'.split(' ')
  await run('openssl', ['req', ...options, '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate])
  return { certificate, key }
}
