import type { KubernetesObject } from '../base/kubernetes.ts'
import { type Application, createApplication, untilSynced } from './applications.ts'
import { type Cluster, makeNamespace } from './cluster.ts'
import { createRepository, type Repository } from './repositories.ts'

/** What Argo CD syncs for one project: a folder of a repository of its own into a namespace of its own. */
export interface Project {
  /** Of the namespace, the repository and the Application. */
  readonly name: string
  readonly repository: Repository
  /**
   * Pushes one commit, asks Argo CD to look and waits until the cluster has it.
   * @param files path below `folder` → object or text; null takes the file away
   * @returns the commit, and the Application as it was then
   */
  publish(
    files: Readonly<Record<string, KubernetesObject | string | null>>,
  ): Promise<{ readonly commit: string; readonly application: Application }>
}

/** The folder that the Application is over. */
export const projectFolder = 'jobs'

/** An empty project: its folder holds a placeholder, and is synced. */
export async function makeProject(
  cluster: Cluster,
  prefix: string,
  options: { readonly selfHeal?: boolean } = {},
): Promise<Project> {
  const name = await makeNamespace(cluster, prefix)
  const repository = await createRepository(cluster, name)
  const first = await repository.commit('Begin the folder', { [`${projectFolder}/README.md`]: 'The placeholder.\n' })
  await createApplication(cluster, { name, url: repository.url, path: projectFolder, namespace: name, ...options })
  await untilSynced(cluster, name, first)
  const publish: Project['publish'] = async (files) => {
    const texts: Record<string, string | null> = {}
    for (const [path, content] of Object.entries(files)) {
      const isText = typeof content === 'string' || content === null
      texts[`${projectFolder}/${path}`] = isText ? content : `${JSON.stringify(content)}\n`
    }
    const commit = await repository.commit('Publish', texts)
    return { commit, application: await untilSynced(cluster, name, commit) }
  }
  return { name, repository, publish }
}
