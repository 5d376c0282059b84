/** Owner and name of a repository by its address, where its host is that of the API; undefined for any other. */
export function repositoryOf(url: string, api: string): { owner: string; repository: string } | undefined {
  const [, host, owner, repository] =
    /^(?:https?:\/\/(?:[^@/]*@)?|ssh:\/\/(?:[^@/]*@)?|[^@/]+@)([^/:]+(?::\d+)?)[/:]([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(
      url,
    ) ?? []
  if (host === undefined || owner === undefined || repository === undefined || !URL.canParse(api)) return undefined
  const own = new URL(api).host
  return own === host || own === `api.${host}` ? { owner, repository } : undefined
}
