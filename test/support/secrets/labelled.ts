/*
 * Five hundred literal secrets as people write them into specs, and as many values that only look like one. Every value is made here from a seed; none has
 * ever opened anything.
 */

export interface Labelled {
  readonly title: string
  /** A line or several of a spec's `env`, `args`, or a comment, indented by two. */
  readonly lines: string
  /** The text that nobody may print; empty where there is no secret. */
  readonly secret: string
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'
const lower = letters.toLowerCase()
const alphanumeric = letters + lower + digits
const hex = '0123456789abcdef'
const base64 = `${alphanumeric}+/`

/** A generator of texts that gives the same ones each time. */
function maker(seed: number): (alphabet: string, length: number) => string {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return (alphabet, length) => Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('')
}

type Make = ReturnType<typeof maker>
const env = (name: string, value: string): string => `  env: { ${name}: '${value}' }`
const argument = (...words: readonly string[]): string => `  args: [${words.map((one) => `'${one}'`).join(', ')}]`
const comment = (text: string): string => `  # ${text}\n  env: {}`

/** Secrets that are known by their form, whatever they are called. */
const forms: Readonly<Record<string, (make: Make) => string>> = {
  'an AWS access key': (make) => `AKIA${make(letters + digits, 16)}`,
  'a temporary AWS access key': (make) => `ASIA${make(letters + digits, 16)}`,
  'a classic GitHub token': (make) => `ghp_${make(alphanumeric, 36)}`,
  'a GitHub token of an app': (make) => `ghs_${make(alphanumeric, 36)}`,
  'a fine-grained GitHub token': (make) => `github_pat_${make(alphanumeric, 22)}_${make(alphanumeric, 59)}`,
  'a GitLab token': (make) => `glpat-${make(alphanumeric, 20)}`,
  'a Slack bot token': (make) => `xoxb-${make(digits, 12)}-${make(digits, 12)}-${make(alphanumeric, 24)}`,
  'a Slack webhook': (make) =>
    `https://hooks.slack.com/services/T${make(letters, 8)}/B${make(letters, 8)}/${make(alphanumeric, 24)}`,
  'a Hugging Face token': (make) => `hf_${make(letters + lower, 34)}`,
  'an Anthropic key': (make) => `sk-ant-api03-${make(alphanumeric, 93)}AA`,
  'a Groq key': (make) => `gsk_${make(alphanumeric, 52)}`,
  'an npm token': (make) => `npm_${make(alphanumeric, 36)}`,
  'a SendGrid key': (make) => `SG.${make(alphanumeric, 22)}.${make(alphanumeric, 43)}`,
  'a Databricks token': (make) => `dapi${make(hex, 32)}`,
  'a Docker Hub token': (make) => `dckr_pat_${make(alphanumeric, 27)}`,
  'a Grafana token': (make) => `glsa_${make(alphanumeric, 32)}_${make(hex, 8)}`,
  'a Vault token': (make) => `hvs.${make(alphanumeric, 95)}`,
  'a Linear key': (make) => `lin_api_${make(alphanumeric, 40)}`,
  'a Shopify token': (make) => `shpat_${make(hex, 32)}`,
  'the address of a PostgreSQL with its password': (make) =>
    `postgresql://trainer:${make(alphanumeric, 16)}@db.example.com:5432/runs`,
  'the address of a MySQL with its password': (make) =>
    `mysql://trainer:${make(alphanumeric, 16)}@db.example.com:3306/runs`,
  'the address of a MongoDB with its password': (make) =>
    `mongodb+srv://trainer:${make(alphanumeric, 16)}@cluster0.example.net/runs`,
  'an address with user and password': (make) => `https://trainer:${make(alphanumeric, 16)}@registry.example.com/v2`,
}

/** Names that say that their value is a secret, whatever it looks like. */
const names = [
  'DB_PASSWORD',
  'POSTGRES_PASSWORD',
  'MLFLOW_TRACKING_SECRET',
  'SMTP_PASSWD',
  'REDIS_PASSWORD',
  'API_KEY',
  'WANDB_API_KEY',
  'OPENAI_API_KEY',
  'COMET_API_KEY',
  'CLIENT_SECRET',
  'AWS_SECRET_ACCESS_KEY',
  'STRIPE_SECRET_KEY',
  'JWT_SIGNING_KEY',
  'DATA_ENCRYPTION_KEY',
  'SSH_PRIVATE_KEY',
  'KEYSTORE_PASSPHRASE',
  'ADMIN_PWD',
  'HUB_TOKEN',
  'ACCESS_TOKEN',
  'REGISTRY_AUTH',
  'GOOGLE_CREDENTIALS',
  'db.password',
] as const

/** The forms that those values have: words that somebody chose, and what programs make. */
const values: readonly ((make: Make) => string)[] = [
  (make) => `${make(lower, 9)}-${make(digits, 4)}!`,
  (make) => make(alphanumeric, 32),
  (make) => make(hex, 40),
  (make) => `${make(base64, 43)}=`,
]

export function labelledSecrets(): readonly Labelled[] {
  const list: Labelled[] = []
  const make = maker(20_261_121)
  const places: readonly ((secret: string) => string)[] = [
    (secret) => env('SETTING', secret),
    (secret) => argument('--remote', secret),
    (secret) => argument(`--remote=${secret}`),
    (secret) => comment(`was: ${secret}`),
    (secret) => env('SETTINGS_JSON', `{"remote":"${secret}"}`),
  ]
  for (const [form, of] of Object.entries(forms))
    for (const [index, place] of places.entries()) {
      const secret = of(make)
      list.push({ title: `${form} in place ${index}`, lines: place(secret), secret })
    }
  for (const name of names)
    for (const [index, of] of values.entries()) {
      const secret = of(make)
      list.push({ title: `${name} with value ${index}`, lines: env(name, secret), secret })
      list.push({
        title: `${name} with value ${index} in an overlay's place`,
        lines: `  env:\n    OTHER: x\n    ${name}: "${secret}"`,
        secret,
      })
    }
  for (const name of ['password', 'api-key', 'client-secret', 'access-token', 'db_password', 'secret-key'])
    for (const [index, of] of values.entries()) {
      const [joined, apart] = [of(make), of(make)]
      list.push({ title: `--${name}= with value ${index}`, lines: argument(`--${name}=${joined}`), secret: joined })
      list.push({ title: `--${name} and value ${index}`, lines: argument(`--${name}`, apart), secret: apart })
    }
  for (let index = 0; list.length < 500; index += 1) {
    const key = Array.from({ length: 6 + (index % 20) }, () => `      ${make(base64, 64)}`).join('\n')
    const kind = ['RSA ', '', 'EC ', 'OPENSSH '][index % 4] ?? ''
    const first = kind === 'OPENSSH ' ? 'b3BlbnNzaC1rZXktdjE' : 'MIIEpAIBAAKCAQEA'
    const secret = `${first}${make(base64, 44)}`
    const text = `      -----BEGIN ${kind}PRIVATE KEY-----\n      ${secret}\n${key}\n      -----END ${kind}PRIVATE KEY-----`
    list.push({
      title: `a ${kind}private key of length ${index}`,
      lines: `  env:\n    CERTIFICATES: |\n${text}`,
      secret,
    })
  }
  return list
}

/** What only looks like a secret. */
export function harmlessValues(): readonly Labelled[] {
  const make = maker(7)
  const none = (title: string, lines: string): Labelled => ({ title, lines, secret: '' })
  const fixed: readonly (readonly [string, string])[] = [
    ['MAX_TOKENS', '4096'],
    ['PAD_TOKEN', '<pad>'],
    ['EOS_TOKEN', '</s>'],
    ['MASK_TOKEN', '[MASK]'],
    ['BOS_TOKEN', 'begin-of-text-128000'],
    ['TOKENIZERS_PARALLELISM', 'false'],
    ['TOKENIZER', 'bert-base-uncased'],
    ['NEXT_TOKEN', 'model-2-prediction'],
    ['SORT_KEY', 'created_at_2024'],
    ['PARTITION_KEY', 'customer_id_0001'],
    ['KEY', 'value'],
    ['SECRET_NAME', 'huggingface-credentials'],
    ['TOKEN_FILE', '/var/run/secrets/token'],
    ['PASSWORD', '$(DB_PASSWORD_FROM_SECRET)'],
    ['DB_PASSWORD', '${DB_PASSWORD}'],
    ['DB_PASSWORD', '/run/secrets/db-password'],
    ['API_KEY', '<your key here>'],
    ['USE_AUTH', 'true'],
    ['ENABLE_SECRET', 'false'],
    ['ACCESS_TOKEN', 'none'],
    ['DB_PASSWORD', 'ENC[AES256_GCM,data:ZmFrZQ==,iv:abc=,tag:def=,type:str]'],
    ['AUTH', 'oauth2'],
    ['HF_TOKEN_PATH', 'tokens/hf'],
    ['DATABASE_URL', 'postgresql://db.example.com:5432/runs'],
    ['MLFLOW_TRACKING_URI', 'https://mlflow.example.com'],
    ['GIT_REMOTE', 'ssh://git@git.example.com/specs.git'],
    ['IMAGE', `ghcr.io/example/trainer@sha256:${'0123456789abcdef'.repeat(4)}`],
    ['AWS_REGION', 'eu-central-1'],
    ['AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/trainer'],
    ['PUBLIC_KEY', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ4'],
  ]
  return [
    ...fixed.map(([name, value]) => none(`${name} = ${value}`, env(name, value))),
    ...Array.from({ length: 200 }, (_, index) =>
      none(`a digest ${index}`, env('DATA_DIGEST', `sha256:${make(hex, 64)}`)),
    ),
    ...Array.from({ length: 200 }, (_, index) =>
      none(
        `an id ${index}`,
        env('PARENT_RUN', `${make(hex, 8)}-${make(hex, 4)}-${make(hex, 4)}-${make(hex, 4)}-${make(hex, 12)}`),
      ),
    ),
    ...Array.from({ length: 70 }, (_, index) =>
      none(`a model ${index}`, argument('--model', `example/${make(lower, 8)}-${make(digits, 2)}b`)),
    ),
  ]
}
