import { openDeployRepository } from '../../../../publisher/deploy.ts'
import { openInspection } from '../../../../publisher/inspect.ts'
import { openSpecBranch } from '../../../../publisher/spec-repository.ts'
import type { Ground, HostileCase } from './case.ts'

/* Addresses and names of branches that Git would take for an option, for a helper that runs a command, or for a file of this machine. */

type Write = (ground: Ground) => string

const helpers = ['ext::', 'EXT::', 'ext::sh -c ', 'fd::17/', 'fd::', 'persistent-https::', 'git-remote-ext::']
const options = ['--upload-pack=', '--receive-pack=', '--exec=', '-u', '-c core.sshCommand=', '--config=core.pager=']

const commands: readonly Write[] = [
  ...helpers.map(
    (prefix) =>
      ({ command }: Ground) =>
        `${prefix}${command}`,
  ),
  ...options.map(
    (prefix) =>
      ({ command }: Ground) =>
        `${prefix}${command}`,
  ),
  ({ command }) => `-oProxyCommand=${command}`,
  ({ command }) => `ssh://-oProxyCommand=${command}/x`,
  ({ command }) => `ssh://%2doProxyCommand=${command}/x`,
  ({ command }) => `ssh://-oProxyCommand=${command}@host/x`,
  ({ command }) => `ssh://%2DoProxyCommand=${encodeURIComponent(command)}@host/x`,
  ({ command }) => `git@-oProxyCommand=${command}:x`,
  ({ command }) => `-oProxyCommand=${command}@host:x`,
  ({ command }) => `git@host:-oProxyCommand=${command}`,
  ({ command }) => `git@host:--upload-pack=${command}`,
  ({ command }) => `$(${command})`,
  ({ command }) => `\`${command}\``,
  ({ command }) => `;${command}`,
  ({ command }) => `|${command}`,
  ({ command }) => `https://host/x;${command}`,
  ({ command }) => `https://host/$(${command})`,
  ({ command }) => `https://host/\n${command}`,
  ({ command }) => `https://host/\u0000${command}`,
  ({ command }) => `https::ext::${command}`,
  ({ command }) => `http+ext://${command}`,
  ({ command }) => `javascript:${command}`,
  ({ command }) => ` ext::${command}`,
  ({ command }) => `\text::${command}`,
]

const files: readonly Write[] = [
  ({ secretFile }) => `file://${secretFile}`,
  ({ secretFile }) => secretFile,
  ({ secretFile }) => `file::${secretFile}`,
  ({ secretFile }) => `FILE://${secretFile}`,
  ({ secretFile }) => `file://localhost${secretFile}`,
  ({ secretFile }) => `file://-oProxyCommand=x${secretFile}`,
  ({ secretFile }) => `file:${secretFile}`,
  ({ secretFile }) => `../..${secretFile}`,
  ({ secretFile }) => `ftp://host/${secretFile}`,
  ({ secretFile }) => `gopher://host/${secretFile}`,
  ({ secretFile }) => `unix://${secretFile}`,
  ({ secretFile }) => `https://${secretFile}`,
]

const branches: readonly Write[] = [
  ...options.map(
    (prefix) =>
      ({ command }: Ground) =>
        `${prefix}${command}`,
  ),
  ...[
    (words: string) => `main;${words}`,
    (words: string) => `main\n${words}`,
    (words: string) => `main:refs/heads/${words}`,
    (words: string) => `+main${words}`,
    (words: string) => `../../${words}`,
    (words: string) => `main..${words}`,
    (words: string) => `@{-1}${words}`,
    (words: string) => `${words} `,
    (words: string) => `refs/heads/*${words}`,
  ].map(
    (write) =>
      ({ command }: Ground) =>
        write(command),
  ),
]

/** Each door by which an address reaches Git. */
const doors: Readonly<Record<string, (ground: Ground, url: string, branch?: string) => Promise<unknown>>> = {
  'a deploy repository': async ({ options: of }, url, branch = 'main') => {
    const deploy = await openDeployRepository({ ...of(url), branch })
    await deploy.read()
  },
  'a spec repository': async ({ options: of }, url, branch = 'main') => {
    const specs = await openSpecBranch({ ...of(url), branch })
    await specs.read()
  },
  'a repository that is looked at': async ({ options: of }, url, branch = 'main') => {
    await (await openInspection({ ...of(url), branch })).read(() => true)
  },
}

export const addressCases: readonly HostileCase[] = Object.entries(doors).flatMap(([door, enter], index) => [
  ...[...commands, ...(index === 0 ? files : [])].map((write) => ({
    title: `the address ${shownOf(write)} of ${door}`,
    run: async (ground: Ground) => void (await enter(ground, write(ground))),
  })),
  ...(index === 0 ? branches : []).map((write) => ({
    title: `the branch ${shownOf(write)} of ${door}`,
    run: async (ground: Ground) => void (await enter(ground, ground.server.url, write(ground))),
  })),
])

function shownOf(write: Write): string {
  return JSON.stringify(write({ command: 'COMMAND', secretFile: '/SECRET' } as Ground))
}
