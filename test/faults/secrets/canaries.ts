import { createRandom } from '../random.ts'

/*
 * Fifty secrets that are planted and looked for. Each has characters that look otherwise in a URL, in JSON and in base64, so that a leak in any of
 * these forms is another text.
 */

/** Variables that programs beside us read, and that we pass by. */
const strangers = [
  ...[
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AZURE_CLIENT_SECRET',
    'GOOGLE_API_KEY',
    'GITHUB_TOKEN',
    'GH_TOKEN',
  ],
  ...[
    'GITLAB_TOKEN',
    'NPM_TOKEN',
    'HF_TOKEN',
    'WANDB_API_KEY',
    'OPENAI_API_KEY',
    'ANTHROPIC_API_KEY',
    'WEBHOOK_SECRET',
  ],
  ...[
    'GITHUB_WEBHOOK_SECRET',
    'SLACK_WEBHOOK_URL',
    'ARGOCD_AUTH_TOKEN',
    'VAULT_TOKEN',
    'SOPS_AGE_KEY',
    'REDIS_PASSWORD',
  ],
  ...[
    'DOCKER_PASSWORD',
    'KUBE_TOKEN',
    'SENTRY_DSN',
    'DATADOG_API_KEY',
    'SMTP_PASSWORD',
    'STRIPE_SECRET_KEY',
    'JWT_SECRET',
  ],
  ...['COOKIE_SECRET', 'ENCRYPTION_KEY', 'SSH_PASSPHRASE', 'CI_JOB_TOKEN'],
] as const

/** What we are given, or what somebody sends us. */
const ours = [
  ...['signing key', 'database password', 'redis password', 'mlflow password', 'mlflow token', 'mlflow url password'],
  ...['deploy password', 'deploy token', 'specs password', 'git-credentials', 'netrc', 'ssh key'],
  ...['kubeconfig token', 'kubeconfig password', 'kubeconfig key', 'kubeconfig exec'],
  ...['bearer token', 'callback token', 'cookie', 'query token'],
] as const

export type Stranger = (typeof strangers)[number]
export type Ours = (typeof ours)[number]

export interface Canaries {
  of(name: Ours): string
  /** Every stranger's variable with its value. */
  readonly environment: Readonly<Record<string, string>>
  readonly count: number
  /** Where any of them stands in a text, in whatever form. */
  find(text: string): readonly string[]
  /** Gives one another value that only the check can make, such as a signed token. */
  replace(name: Ours, value: string): void
}

export function createCanaries(seed: number): Canaries {
  const random = createRandom(seed, 'canaries')
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const word = (length: number): string => Array.from({ length }, () => random.pick([...letters])).join('')
  const values = new Map<string, string>()
  for (const name of [...strangers, ...ours]) values.set(name, `${word(9)}/${word(8)}+"${word(8)}=${word(7)}`)
  let needles = needlesOf(values)
  return {
    of: (name) => values.get(name) ?? '',
    environment: Object.fromEntries(strangers.map((name) => [name, values.get(name) ?? ''])),
    count: values.size,
    find: (text) => needles.filter(({ needle }) => text.includes(needle)).map(({ name }) => name),
    replace: (name, value) => {
      values.set(name, value)
      needles = needlesOf(values)
    },
  }
}

interface Needle {
  /** The canary and the form it has. */
  readonly name: string
  readonly needle: string
}

function needlesOf(values: ReadonlyMap<string, string>): readonly Needle[] {
  return [...values].flatMap(([name, value]) =>
    Object.entries(formsOf(value)).flatMap(([form, texts]) =>
      [...new Set(texts)].map((needle) => ({ name: `${name} (${form})`, needle })),
    ),
  )
}

/** Of a signed token the signature is the secret: what stands before it says for whom it is, and is the same in every token of an attempt. */
function formsOf(value: string): Readonly<Record<string, readonly string[]>> {
  const [, , signature] = value.split('.')
  if (signature !== undefined)
    return { raw: [value, signature], base64: [0, 1, 2].flatMap((shift) => base64Inside(signature, shift)) }
  const encoded = encodeURIComponent(value)
  return {
    // Half of it is a leak too.
    raw: [value, value.slice(0, Math.ceil(value.length / 2)), value.slice(Math.floor(value.length / 2))],
    URL: [encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    JSON: [JSON.stringify(value).slice(1, -1), JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    base64: [0, 1, 2].flatMap((shift) => base64Inside(value, shift)),
  }
}

/** What of its base64 does not depend on what stands before and after it, where it begins at the given place of a group of three. */
function base64Inside(value: string, shift: number): readonly string[] {
  const whole = Buffer.from('x'.repeat(shift) + value, 'utf8')
    .toString('base64')
    .replace(/=+$/, '')
  const inside = whole.slice(shift === 0 ? 0 : 4, -3)
  return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')]
}
