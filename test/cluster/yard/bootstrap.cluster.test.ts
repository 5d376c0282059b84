import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { argocdRules, projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { endOf } from '../../support/main-job/program.ts'
import { resource } from '../base/kubernetes.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type Identity, makeIdentity } from '../support/identities.ts'
import { saysItSucceeded, shellTraining } from '../support/shell-training.ts'
import { openYard, type Yard } from '../support/yard.ts'

/* `specyard bootstrap --check` says what is there and what is not, before a training finds out. */

let cluster: Cluster
let yard: Yard
let identity: Identity

describe.runIf(hasRealNode())('bootstrap --check', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster)
    const { environment } = yard
    await yard.merge({ 'one.yaml': shellTraining(cluster, { environment, name: 'one', script: saysItSucceeded }) })
    await yard.untilRun('one', 'to succeed', ({ state }) => state === 'SUCCEEDED', 120)
    // All that it needs in the namespace of the project but for logs, and nothing in that of Argo CD.
    const some = projectRules.filter(({ resources }) => !resources.includes('pods/log'))
    identity = await makeIdentity(cluster, yard.namespace, 'half', some)
  })
  afterAll(() => yard?.close())

  it('finds nothing wrong where everything is there', async () => {
    const { code, stdout, stderr } = await yard.command('bootstrap', '--check')
    expect({ code, problems: stdout.match(/^ {2}problem .*/gm) }, stdout + stderr).toEqual({ code: 0, problems: null })
    for (const told of [
      /ok +branch main, now at [0-9a-f]{10}, can be read and pushed to/,
      /ok +the cluster knows the kinds Application and AppProject/,
      /ok +AppProject default allows the source http/,
      new RegExp(`ok +AppProject default allows the destination .*, namespace ${yard.namespace}`),
      /ok +Argo CD looks for new commits by itself every \d+s/,
      new RegExp(`ok +this identity may do in namespace ${yard.namespace} all`),
      /ok +the image of the lease's init container is on \d+ of them/,
      /^no problem was found$/m,
    ])
      expect(stdout).toMatch(told)
  })

  it('names the verbs that an identity lacks, and what it may not look at', async () => {
    const variables = { KUBECONFIG: identity.kubeconfig }
    const { code, stdout } = await endOf(yard.beside(['bootstrap', '--check'], variables), 60)
    expect(code, stdout).toBe(1)
    expect(stdout).toMatch(
      new RegExp(`problem +this identity may not do in namespace ${yard.namespace}: get pods/log$`, 'm'),
    )
    expect(stdout).toMatch(
      /problem +this identity may not do in namespace argocd: list applications, watch applications/,
    )
    expect(stdout).toMatch(/unknown +AppProject argocd\/default: this identity may not read it/)
    expect(stdout).toMatch(/→ bind it to a Role with these rules there/)
  })

  it('says the same of that identity when an administrator asks, and nothing once it has what it lacked', async () => {
    const before = await yard.command('bootstrap', '--check', '--as', identity.user)
    expect(before.stdout).toContain(`${identity.user} may not do in namespace ${yard.namespace}: get pods/log\n`)
    expect(before.code).toBe(1)
    const group = 'rbac.authorization.k8s.io'
    const give = async (namespace: string, name: string, rules: readonly object[]): Promise<void> => {
      const metadata = { name, namespace }
      await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules })
      await cluster.kubernetes.apply({
        ...{ apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata },
        roleRef: { apiGroup: group, kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name: 'half', namespace: yard.namespace }],
      })
    }
    const own = `${yard.environment}-whole`
    try {
      await give(yard.namespace, own, projectRules)
      await give(argocdNamespace, own, argocdRules)
      const after = await yard.command('bootstrap', '--check', '--as', identity.user)
      expect(after.code, after.stdout).toBe(0)
    } finally {
      for (const kind of ['roles', 'rolebindings'])
        await cluster.kubernetes.remove(resource(`${group}/v1`, kind, argocdNamespace, own))
    }
  })

  it('says that the deploy repository may not be pushed to, with the words of the server', async () => {
    const bare = join(cluster.git.folder, `${yard.environment}-deploy.git`)
    const pushing = (allowed: boolean) =>
      execFileSync('git', ['-C', bare, 'config', 'http.receivepack', String(allowed)])
    const head = await yard.deploy.head()
    pushing(false)
    try {
      const { code, stdout } = await yard.command('bootstrap', '--check')
      expect(code, stdout).toBe(1)
      expect(stdout).toMatch(/problem +branch main cannot be pushed to: .*403/)
      expect(stdout).toMatch(/^1 problem$/m)
    } finally {
      pushing(true)
    }
    expect(await yard.deploy.head()).toBe(head)
  })
})
