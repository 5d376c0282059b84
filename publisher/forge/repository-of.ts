const name = '[A-Za-z0-9._-]+'
const web = new RegExp(`^https?://(?:[^@/]*@)?([^/@]+)(/.*)?/(${name})/(${name}?)(?:\\.git)?/?$`)
const shell = new RegExp(
  `^(?:ssh://(?:[^@/]*@)?|[^@/:]+@)([^/:@]+)(?::\\d+(?=/))?[/:](${name})/(${name}?)(?:\\.git)?/?$`,
)

/**
 * Owner and name of a repository by its address, where its host is that of the API; undefined for any other.
 * @param url as Git takes it: over HTTP of the same port, and below the same path where the forge has one, or over SSH of any port
 * @param api such as https://api.github.com, https://github.example.com/api/v3 or https://example.com/gitea/api/v1
 */
export function repositoryOf(url: string, api: string): { owner: string; repository: string } | undefined {
  if (!URL.canParse(api)) return undefined
  const { host: own, hostname, pathname } = new URL(api)
  const prefix = pathname.replace(/(^|\/)api\/v\d+\/?$/, '').replace(/\/+$/, '')
  const [, webHost, webPrefix = '', webOwner, webName] = web.exec(url) ?? []
  if (webOwner !== undefined && webName !== undefined) {
    const isThere = (webHost === own || `api.${webHost}` === own) && webPrefix === prefix
    return isThere ? { owner: webOwner, repository: webName } : undefined
  }
  const [, shellHost, owner, repository] = shell.exec(url) ?? []
  if (owner === undefined || repository === undefined) return undefined
  return shellHost === hostname || `api.${shellHost}` === hostname ? { owner, repository } : undefined
}
