import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/*
 * The client library of Kubernetes reads kubeconfigs for us and nothing else: what follows a cluster is ours, since its informer stays stale for ever
 * once the API server was killed under it, and some of its versions cannot be imported or cut healthy watches off.
 */

const name = '@kubernetes/client-node'
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const { dependencies } = readJson('package.json') as { readonly dependencies: Readonly<Record<string, string>> }
const rooms = ['api', 'cli', 'compiler', 'domain', 'local', 'publisher', 'reconciler', 'records']

/** What a source takes from the library: the names between the braces of each import, or the whole line where there are none. */
function taken(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.includes(`'${name}`))
    .flatMap((line) => /\{([^}]*)\}/.exec(line)?.[1]?.split(',') ?? [line])
    .map((one) => one.trim())
}

describe('the client library of Kubernetes', () => {
  it('is pinned to one version, which is the one that is installed', () => {
    const pinned = dependencies[name]
    expect(pinned).toMatch(/^\d+\.\d+\.\d+$/)
    expect(readJson(`node_modules/${name}/package.json`)).toMatchObject({ version: pinned })
  })

  it('loads here, and reads a kubeconfig', async () => {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    const [cluster, user] = [{ name: 'one', server: 'https://one.example.com' }, { name: 'somebody' }]
    config.loadFromOptions({
      clusters: [cluster],
      users: [user],
      contexts: [{ name: 'here', cluster: 'one', user: 'somebody' }],
      currentContext: 'here',
    })
    expect(config.getCurrentCluster()).toMatchObject(cluster)
  })

  it('is used for kubeconfigs alone: neither its watches nor its informers nor its requests', () => {
    const sources = rooms.flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => join(room, path)),
    )
    expect(sources.length).toBeGreaterThan(100)
    const uses = sources.flatMap((path) =>
      taken(readFileSync(path, 'utf8')).map((what) => `${path.replaceAll('\\', '/')}: ${what}`),
    )
    expect(uses).toEqual(['reconciler/sources/kubernetes/api/credentials.ts: KubeConfig'])
  })

  it.each([
    ['an informer', `import { makeInformer, KubeConfig } from '${name}'`, ['makeInformer', 'KubeConfig']],
    ['everything', `import * as kubernetes from '${name}'`, [`import * as kubernetes from '${name}'`]],
    ['a part of it', `const { Watch } = await import('${name}/dist/watch.js')`, ['Watch']],
  ])('%s that is taken from it would be found', (_, line, found) => {
    expect(taken(line)).toEqual(found)
  })
})
