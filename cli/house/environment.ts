export type ProcessEnvironment = Readonly<Record<string, string | undefined>>

/** What Git may see of our environment: how to find programs, people's credentials and agents, and nothing of ours. */
export function gitEnvironment(environment: ProcessEnvironment): ProcessEnvironment {
  const passed = [
    'PATH',
    'HOME',
    'USER',
    'SSH_AUTH_SOCK',
    'GNUPGHOME',
    'XDG_CONFIG_HOME',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
    'SSL_CERT_FILE',
    'TMPDIR',
  ]
  return Object.fromEntries(
    passed.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  )
}
