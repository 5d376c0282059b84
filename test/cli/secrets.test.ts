import { describe, expect, it } from 'vitest'
import { linesOf } from '../../cli/terminal/frame.ts'
import { formatProblems } from '../../cli/terminal/problems.ts'
import { compileInput } from '../../cli/specs/compile-input.ts'
import { findSecrets, mayHoldSecret, withoutSecrets } from '../../cli/specs/secrets.ts'
import { compile } from '../../compiler/compile.ts'
import { writtenSecrets } from '../../compiler/secrets/written.ts'
import type { FoundSecret } from '../../compiler/compile-types.ts'
import type { Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { trainingCorpus } from '../bench/corpus.ts'
import { address, chart, nothing, source, sourcesOf, training } from '../support/compiler.ts'
import { harmlessValues, type Labelled, labelledSecrets } from '../support/secrets/labelled.ts'

/** What the compiler says of specs, told where the rules found something. */
async function problemsOf(sources: readonly SourceFile[]): Promise<readonly Problem[]> {
  return compile({ sources, secrets: await findSecrets(sources), source, deployed: nothing, chart, deploy: address })
    .problems
}

const specOf = ({ lines }: Labelled): string => training('letters', `${lines}\n`)
const isSecret = ({ code }: Problem): boolean => code === 'SECRET_LITERAL'
const bytesOf = (text: string): SourceFile => ({ path: 'specs/a.yaml', bytes: new TextEncoder().encode(text) })

describe('of five hundred labelled secrets', () => {
  const list = labelledSecrets()

  it('at least 95 of a hundred are found, at their line, and none is printed', async () => {
    expect(list).toHaveLength(500)
    const missed: string[] = []
    const misplaced: string[] = []
    const printed: string[] = []
    for (const one of list) {
      const sources = sourcesOf([specOf(one)])
      const problems = await problemsOf(sources)
      const found = problems.filter(isSecret)
      if (found.length === 0) missed.push(one.title)
      const text = new TextDecoder().decode(sources[1]?.bytes)
      const line = text.slice(0, text.indexOf(one.secret)).split('\n').length
      if (found.length > 0 && !found.some(({ where }) => where.line <= line && line <= (where.end?.line ?? where.line)))
        misplaced.push(one.title)
      const shown = `${formatProblems(problems, { linesOf: linesOf(sources) })}${JSON.stringify(problems)}`
      if (found.length > 0 && shown.includes(one.secret)) printed.push(one.title)
    }
    expect(printed).toEqual([])
    expect(misplaced).toEqual([])
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(list.length * 0.05)
  }, 60_000)

  it('the beginnings that are looked for first miss nothing that the rules find', async () => {
    for (const one of list) {
      const file = bytesOf(specOf(one))
      // A text that surely is looked at, with the same secret.
      const surely = bytesOf(`${specOf(one)}\n# PRIVATE KEY\n`)
      const counted = async (which: SourceFile): Promise<number> => (await findSecrets([which])).length
      expect([one.title, await counted(file)]).toEqual([one.title, await counted(surely)])
    }
  }, 60_000)
})

it.each([
  ...[
    'password',
    'DB_PASSWORD',
    'SMTP_PASSWD',
    'KEY_PASSPHRASE',
    'admin_pwd',
    'SECRET',
    'CLIENT_SECRET',
    'clientsecret',
  ],
  ...['SECRET_KEY', 'PrivateKey', 'ACCESSKEY', 'api_key', 'APIKEY', 'AUTH_KEY', 'SIGNING_KEY', 'encryptionkey'],
  ...['CREDENTIAL', 'AWS_CREDENTIALS', 'HF_TOKEN', 'REGISTRY_AUTH'],
  ...['dbPassword', 'PASSWORD_DB', 'PASSWD_ADMIN', 'PGPASSWORD', 'PGPASS', 'DB_PASS', 'MYSQLPASSWORD'],
  ...['openaiApiKey', 'oauthClientSecret', 'hfToken', 'dbSecret'],
])('a value of a variable %s is a secret', async (name) => {
  const problems = await problemsOf(sourcesOf([training('letters', `  env: { ${name}: x7Qp2mZk9Lw4Rt6B }\n`)]))
  expect(problems.map(({ code }) => code)).toEqual(['SECRET_LITERAL'])
})

it.each([
  ...['PASSWORD_POLICY', 'PASSWORD_HASH_ALGORITHM', 'PASSWORD_FILE_NAME', 'FORWARD_PASS', 'BYPASS', 'FIRST_PASS'],
  ...['padToken', 'nextToken', 'sortKey', 'PASSENGER_COUNT', 'PASSWORDLESS', 'COMPASS'],
])('a value of a variable %s is none', async (name) => {
  const problems = await problemsOf(sourcesOf([training('letters', `  env: { ${name}: x7Qp2mZk9Lw4Rt6B }\n`)]))
  expect(problems).toEqual([])
})

describe('of what only looks like a secret', () => {
  it('at most one in a hundred is an alarm', async () => {
    const list = harmlessValues()
    const alarms: string[] = []
    for (const one of list) if ((await problemsOf(sourcesOf([specOf(one)]))).some(isSecret)) alarms.push(one.title)
    expect(list).toHaveLength(500)
    expect(alarms.length, alarms.join('\n')).toBeLessThanOrEqual(list.length * 0.01)
  }, 60_000)

  it('nothing is an alarm in two thousand specs of the corpus, and hardly one has to be read by the rules', async () => {
    const corpus = trainingCorpus(2000)
    const found: readonly FoundSecret[] = await findSecrets(corpus)
    const problems = compile({
      sources: corpus,
      secrets: found,
      source,
      deployed: nothing,
      chart,
      deploy: address,
    }).problems
    expect(problems.filter(isSecret)).toEqual([])
    const read = corpus.filter(({ bytes }) => mayHoldSecret(new TextDecoder().decode(bytes)))
    expect(read.length).toBeLessThan(corpus.length / 100)
  }, 60_000)
})

it('the rules are those whose beginnings are known: an upgrade that adds one has to add its beginning', async () => {
  const { rules } = await import('@secretlint/secretlint-rule-preset-recommend')
  expect(rules.map((one) => one.meta.id.replace('@secretlint/secretlint-rule-', '')).sort()).toEqual(
    [
      ...['1password', 'anthropic', 'aws', 'basicauth', 'databricks', 'database-connection-string', 'docker', 'figma'],
      ...['filter-comments', 'gcp', 'github', 'gitlab', 'grafana', 'groq', 'hashicorp-vault', 'huggingface', 'linear'],
      ...['notion', 'npm', 'openai', 'privatekey', 'sendgrid', 'shopify', 'slack', 'vercel'],
    ].sort(),
  )
})

describe('a problem beside a secret', () => {
  const token = `ghp_${'a1B2'.repeat(9)}`

  it.each([
    ['that quotes the value', training().replace('epochs: 3', `epochs: '${token}'`)],
    ['of a name that is a secret', training().replace('ref: text', `ref: ${token}`)],
    ['of a key that is a secret', training('letters', `  ${token}: 1\n`)],
    ['of an image that is a secret', training().replace('example/trainer:1', token)],
    ['of YAML that cannot be read', `${training()}  env: { A: ${token}\n`],
    ['of the same name twice', training(token)],
  ])('%s does not repeat it', async (_title, text) => {
    const problems = await problemsOf(sourcesOf([text]))
    expect(problems.filter(isSecret)).toHaveLength(1)
    expect(
      `${JSON.stringify(problems)}${formatProblems(problems, { linesOf: linesOf(sourcesOf([text])) })}`,
    ).not.toContain(token)
  })

  it('is told once where the name and the form both give it away', async () => {
    const problems = await problemsOf(sourcesOf([training('letters', `  env: { GITHUB_TOKEN: ${token} }\n`)]))
    expect(problems.map(({ code, where: { line, column } }) => [code, line, column])).toEqual([
      ['SECRET_LITERAL', 12, 24],
    ])
  })
})

describe('a line that says that it holds none', () => {
  it.each([
    ['by its form', `  env:\n    A: 'ghp_${'a1B2'.repeat(9)}' # secretlint-disable-line\n`],
    ['by its name', "  env:\n    DB_PASSWORD: 'only-for-tests' # secretlint-disable-line\n"],
  ])('is believed %s', async (_title, lines) => {
    expect(await problemsOf(sourcesOf([training('letters', lines)]))).toEqual([])
  })
})

describe('a secret in specyard.yaml', () => {
  const token = `ghp_${'a1B2'.repeat(9)}`
  const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\n'
  const patch = (value: string): string =>
    `${settings}projects:\n  language:\n    patches: [{ patch: [{ op: add, path: /spec/template/spec/containers/0/env/-, value: ${value} }] }]\n`
  const of = async (text: string): Promise<readonly Problem[]> => {
    const settingsSource = { path: 'specyard.yaml', bytes: new TextEncoder().encode(text) }
    const given = { deployUrl: address.url, deployBranch: address.branch, kubernetesVersion: undefined }
    const input = await compileInput(given, { files: sourcesOf([training()]), source, settingsSource })
    return compile({ ...input, deployed: nothing }).problems
  }

  it.each([
    ['in a patch', patch(`{ name: A, value: ${token} }`), '5:107'],
    ['in a patch, by its name,', patch('{ name: DB_PASSWORD, value: hunter2zzzz }'), '5:117'],
    ['in a patch that has another problem', patch(`{ name: A, value: ${token} }, more: 1`), '5:107'],
    [
      'in the address of the deploy repository',
      `${settings}deploy: { repository: 'https://bot:${token}@example.com/x.git' }\n`,
      '3:24',
    ],
  ])('%s is refused at its place and not printed', async (_title, text, place) => {
    const problems = await of(text)
    const found = problems.filter(isSecret)
    expect(found.map(({ where: { file, line, column } }) => `${file}:${line}:${column}`)).toContain(
      `specyard.yaml:${place}`,
    )
    expect(found[0]?.hint).toContain('secretKeyRef')
    expect(JSON.stringify(problems)).not.toMatch(/ghp_|hunter2/)
  })

  it('stands there nowhere in settings that name a Secret', async () => {
    expect(await of(patch('{ name: A, valueFrom: { secretKeyRef: { name: a, key: b } } }'))).toEqual([])
  })
})

describe('a password in an address', () => {
  const found = async (address: string): Promise<readonly string[]> =>
    (await findSecrets([bytesOf(`a: ${address}\n`)])).map(({ where }) => `${where.line}:${where.column}`)

  it.each([
    ['of a host of one name', 'https://bot:zq9zqlongone@gitea/x.git', '1:16'],
    ['of a host that is no name of the Internet', 'https://bot:zq9zqlongone@git.internal/x.git', '1:16'],
    ['of a host with a port', 'http://bot:zq9zqlongone@registry:5000', '1:15'],
    ['of nobody', 'redis://:zq9zqlongone@redis:6379/0', '1:13'],
    ['of a host by its number', 'https://bot:zq9zqlongone@[fd00::1]/x', '1:16'],
  ])('%s is a secret', async (_title, address, place) => {
    expect(await found(address)).toEqual([place])
  })

  it.each([
    'https://bot@gitea/x.git',
    'https://gitea:3000/a@b',
    'https://bot:$(PASSWORD)@gitea/x.git',
    'https://bot:%PASSWORD%@gitea/x.git',
    'https://bot:password@gitea/x.git',
    'https://bot:<password>@gitea/x.git',
    'https://bot:zq9zqlongone@localhost/x.git',
    's3://bucket/a:b@c',
  ])('%s has none', async (address) => {
    expect(await found(address)).toEqual([])
  })

  it('is told once where the rules know it too', async () => {
    expect(await found('https://bot:zq9zqlongone@git.example.com/x.git')).toHaveLength(1)
  })
})

describe('a secret that YAML writes in another form', () => {
  const token = `ghp_${'a1B2'.repeat(9)}`
  const body = ['MIIEpAIBAAKCAQEA', 'a1B2'.repeat(16), 'c3D4'.repeat(16)]
  const key = ['-----BEGIN RSA PRIVATE KEY-----', ...body, '-----END RSA PRIVATE KEY-----']

  it.each([
    ['with its first letter as a number', `  env: { A: "\\x67${token.slice(1)}" }\n`, [12, 14, 12, 57]],
    ['with a letter as a number of Unicode', `  env: { A: "g\\u0068${token.slice(2)}" }\n`, [12, 14, 12, 59]],
    ['in two lines', `  env:\n    A: "${token.slice(0, 9)}\\\n      ${token.slice(9)}"\n`, [13, 9, 14, 38]],
    ['as a key in one line', `  env: { A: "${key.join('\\n')}" }\n`, [12, 14, 12, 226]],
    ['as a key in lines that each end as one', `  env:\n    A: "${key.join('\\n\\\n      ')}"\n`, [13, 9, 17, 36]],
    ['as the password of an address', `  env: { A: "https:\\/\\/bot:${token}@example.com/x" }\n`, [12, 14, 12, 80]],
  ])('%s is refused at its place, and not printed', async (_title, lines, [line, column, endLine, endColumn]) => {
    const problems = await problemsOf(sourcesOf([training('letters', lines)]))
    const [first, ...others] = problems
    expect(others).toEqual([])
    expect(first?.code).toBe('SECRET_LITERAL')
    expect(first?.where).toEqual({ file: 'specs/1.yaml', line, column, end: { line: endLine, column: endColumn } })
  })

  it.each([
    ['of the form of a token', `A: "\\x67${token.slice(1)}"`, token],
    ['of a name that is a secret', 'DB_PASSWORD: "hunter22\\x41\\u0042"', 'hunter22AB'],
    ['of such a name, with another kind of quotes', "DB_PASSWORD: 'it''s-hunter22'", "it's-hunter22"],
    ['of such a name, by an alias', 'A: &p hunter2zzzz, DB_PASSWORD: *p', 'hunter2zzzz'],
    ['of such a name, of five letters', 'DB_PASSWORD: zq9zq', 'zq9zq'],
    ['of such a name, in lines', 'DB_PASSWORD: "zq9zqlong\n    two"', 'zq9zqlong two'],
  ])('%s is not repeated by another problem', async (_title, variables, secret) => {
    const text = training('letters', `  env: { ${variables} }\n`).replace('ref: text', `ref: ${JSON.stringify(secret)}`)
    const problems = await problemsOf(sourcesOf([text]))
    expect(problems.some(isSecret)).toBe(true)
    expect(JSON.stringify(problems)).not.toContain(secret)
  })

  it('is looked for with the library in no text that cannot hold one, backslashes or not', async () => {
    expect(await findSecrets([bytesOf('a: "C:\\new\\x41\\u0042 \\\n  more"\n')])).toEqual([])
    expect(mayHoldSecret('a: "C:\\new\\x41"')).toBe(false)
  })

  it.each([
    ['a key in JSON', JSON.stringify({ lines: [{ text: `    A: ${key.join('\n')}` }] }), 'MIIE'],
    ['a token in JSON in JSON', JSON.stringify(JSON.stringify({ a: token })), token],
    ['an address with a token', `https://bot:${token}@example.com and more`, token],
  ])('is taken out of what is printed: %s', async (_title, text, secret) => {
    const left = await withoutSecrets(text)
    expect(left).toContain('***')
    expect(left).not.toContain(secret)
    expect(left).not.toContain(body[2])
    expect(left.length).toBeGreaterThan(5)
  })
})

it.each([
  [
    'JSON Patch',
    '{ op: add, path: /spec/template/spec/containers/0/env/-, value: { name: DB_PASSWORD, value: zq9zqlongone } }',
  ],
  [
    'JSON Patch of a list',
    '{ op: add, path: /spec/template/spec/initContainers, value: [{ name: a, image: b, env: [{ name: DB_PASSWORD, value: zq9zqlongone }] }] }',
  ],
])('a secret by its name in a patch of an Environment, as %s, is refused and not printed', async (_title, patch) => {
  const patched = `apiVersion: specyard.dev/v1\nkind: Environment\nmetadata: { name: stg }\nspec:\n  cluster: { kubernetes: { context: a, namespaces: { language: b } } }\n  patches: [{ patch: [${patch}] }]\n`
  const problems = await problemsOf(sourcesOf([training(), patched]))
  const [found, ...others] = problems.filter(isSecret)
  expect([found?.where.file, found?.where.line, others]).toEqual(['specs/2.yaml', 6, []])
  expect(JSON.stringify(problems)).not.toContain('zq9zq')
})

describe('a secret by its name in a file with another problem', () => {
  const spec = (lines: string): string => training('letters', lines)

  it.each([
    ['where brackets are not closed', '  env: { DB_PASSWORD: zq9zqlongone\n', ['12:23']],
    ['where quotes are not closed', '  env: { DB_PASSWORD: "zq9zqlongone\n', ['12:23']],
    ['where it has two values', '  env: { DB_PASSWORD: zq9zqlongone, DB_PASSWORD: zq9zqother1 }\n', ['12:23', '12:50']],
    [
      'where it has two values in lines',
      '  env:\n    DB_PASSWORD: zq9zqlongone\n    DB_PASSWORD: zq9zqother1\n',
      ['13:18', '14:18'],
    ],
    ['in a list', '  env: [{ name: DB_PASSWORD, value: zq9zqlongone }]\n', ['12:37']],
    ['in a list, behind its value', '  env: [{ value: zq9zqlongone, name: DB_PASSWORD }]\n', ['12:18']],
    ['in a list in lines', '  env:\n    - name: DB_PASSWORD\n      value: zq9zqlongone\n', ['14:14']],
    ['under the key value', '  env: { DB_PASSWORD: { value: zq9zqlongone } }\n', ['12:32']],
    ['under the key value in lines', '  env:\n    DB_PASSWORD:\n      value: zq9zqlongone\n', ['14:14']],
    ['under a misspelt key', '  envs: { DB_PASSWORD: zq9zqlongone }\n', ['12:24']],
    ['as a number', '  env: { DB_PASSWORD: 98765432 }\n', ['12:23']],
    ['in the next line', '  envs:\n    DB_PASSWORD:\n      zq9zqlongone\n', ['14:7']],
    ['in lines of its own', '  envs:\n    DB_PASSWORD: |-\n      zq9zqlongone\n      zq9zqother1\n', ['14:7']],
    ['in quotes that go on', '  envs:\n    DB_PASSWORD: "zq9zqlongone\n      zq9zqother1"\n', ['13:18']],
    ['with quotes around its name', '  envs: { "DB_PASSWORD": "zq9zqlongone" }\n', ['12:26']],
    ['behind a colon without a space', '  env: { DB_PASSWORD:zq9zqlongone }\n', ['12:22']],
    ['as a list', '  env: { DB_PASSWORD: [zq9zqlongone] }\n', ['12:24']],
    ['in a word of a command line', '  arg: [--db-password=zq9zqlongone]\n', ['12:23']],
    ['behind a word of a command line', '  arg: [--db-password, zq9zqlongone]\n', ['12:24']],
    ['behind a word of a command line in lines', '  arg:\n    - --db-password\n    - zq9zqlongone\n', ['14:7']],
  ])('is refused and not printed %s', async (_title, lines, places) => {
    const sources = sourcesOf([spec(lines)])
    const problems = await problemsOf(sources)
    const shown = `${JSON.stringify(problems)}${formatProblems(problems, { linesOf: linesOf(sources) })}`
    expect(shown).not.toMatch(/zq9zq|9876/)
    expect(problems.filter(isSecret).map(({ where: { line, column } }) => `${line}:${column}`)).toEqual(places)
  })

  it.each([
    ['a reference to a Secret', '  env: { DB_PASSWORD: { secret: database, key: password }, A: 1 }\n'],
    ['a reference of a manifest', '  pullSecret: registry-login\n'],
    ['a reference in lines', '  env:\n    DB_PASSWORD:\n      secret: database\n      key: password\n    A: 1\n'],
    ['a variable that stands for another', '  envs: { DB_PASSWORD: $(OTHER), API_KEY: <yours> }\n'],
    ['the tag of an image', '  images: [example/db-password:1.0.2, "bot@secret:zq9zqlongone"]\n'],
    ['a name without a value', '  envs: { DB_PASSWORD: , API_KEY: }\n'],
    ['a count of tokens', '  envs: { MAX_TOKENS: 4096, EOS_TOKEN: "<s>", HF_TOKEN: 12 }\n'],
    ['a comment', '  # DB_PASSWORD: zq9zqlongone\n  colour: 1\n'],
    ['a name beside the value of another', '  envs: [{ name: DB_PASSWORD }, { name: A, value: zq9zqlongone }]\n'],
    ['a value that is said to be none', '  envs:\n    DB_PASSWORD: zq9zqlongone # secretlint-disable-line\n'],
  ])('is no alarm for %s', async (_title, lines) => {
    const problems = await problemsOf(sourcesOf([spec(lines)]))
    expect(problems).not.toEqual([])
    expect(problems.filter(isSecret)).toEqual([])
  })

  it('is not shown in the line of another problem either', async () => {
    const sources = sourcesOf([
      spec('  labels: [hunter2zzzz]\n  colour: 1\n  env: { A: &p hunter2zzzz,\n    DB_PASSWORD: *p }\n'),
    ])
    const problems = await problemsOf(sources)
    expect(problems.filter(isSecret)).toHaveLength(1)
    expect(formatProblems(problems, { linesOf: linesOf(sources) })).not.toContain('hunter2zzzz')
  })

  it('is looked for in a quarter of a megabyte in no time that anybody waits for', async () => {
    for (const part of [
      'password:{',
      'password: "',
      "{name: api_key '",
      '--password, ',
      'name: token\n',
      '"value": ',
      'password:\n',
      'password: |\n  ',
    ])
      expect([part, writtenSecrets(bytesOf(part.repeat(Math.ceil(262_144 / part.length)))).length]).toEqual([
        part,
        expect.any(Number),
      ])
  }, 10_000)
})

describe('what SOPS encrypted', () => {
  const encrypted =
    'ENC[AES256_GCM,data:AKIA0123456789ABCDEF,iv:ghp_0123456789012345678901234567890123456=,tag:x=,type:str]'
  const sops = `sops:
  age:
    - recipient: age1example
      enc: |
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBleGFtcGxl
        -----END AGE ENCRYPTED FILE-----
  lastmodified: "2026-11-01T10:00:00Z"
  mac: ${encrypted}
  version: 3.9.1
`
  it('is no alarm as a value', async () => {
    expect(await problemsOf(sourcesOf([training('letters', `  env: { DB_PASSWORD: '${encrypted}' }\n`)]))).toEqual([])
  })

  it('may stand among the specs as a file of its own, and is no spec', async () => {
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData:\n  password: ${encrypted}\n${sops}`
    expect(await problemsOf(sourcesOf([training(), secret, `password: ${encrypted}\n${sops}`]))).toEqual([])
  })

  it('is a problem as a spec, which would be as if it were not there', async () => {
    const problems = await problemsOf(sourcesOf([`${training()}${sops}`]))
    expect(problems.map(({ code, where: { line, column } }) => [code, line, column])).toEqual([
      ['SPEC_ENCRYPTED', 12, 1],
    ])
  })

  it('does not hide what stands beside it in the clear', async () => {
    const half = `apiVersion: v1\nkind: Secret\nstringData:\n  a: ${encrypted}\n  b: ghp_${'a1B2'.repeat(9)}\n${sops}`
    expect((await problemsOf(sourcesOf([half]))).filter(isSecret)).toHaveLength(1)
  })
})
