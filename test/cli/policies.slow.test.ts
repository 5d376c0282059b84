import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { specyard } from '../support/cli.ts'
import { commitFiles, temporaryFolder, workRepository, writeFiles } from '../support/publisher.ts'

const root = join(import.meta.dirname, '..', '..')
const settings = 'apiVersion: specyard.dev/v1\nkind: Settings\n'
const token = `ghp_${'a1B2'.repeat(9)}`
const environments = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: stg }
spec: { cluster: { kubernetes: { context: a, namespaces: { language: ml-language } } } }
---
apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: production }
spec: { cluster: { kubernetes: { context: a, namespaces: { language: ml-language-production } } } }
---
apiVersion: specyard.dev/v1
kind: Dataset
metadata: { name: text, project: language }
spec: { uri: s3://data, format: text }
`
const training = (more = ''): string => `apiVersion: specyard.dev/v1
kind: TrainingJob
metadata: { name: letters, project: language }
spec:
  environment: stg
  task: { type: language-modelling }
  model: { name: char-loglinear, source: custom }
  dataset: { ref: text }
  training: { epochs: 3 }
  image: example/trainer:1
${more}`

const repository = async (more: Readonly<Record<string, string>> = {}): Promise<string> =>
  workRepository(join(await temporaryFolder(), 'specs'), {
    'specyard.yaml': settings,
    '.gitignore': '.specyard/\n',
    'specs/environments.yaml': environments,
    'specs/letters.yaml': training(),
    ...more,
  })

describe('specyard policies', () => {
  it('writes the starter pack once, for the production that there is, and never over what a person owns', async () => {
    const folder = await repository()
    expect((await specyard(folder, ['policies'])).stdout).toContain('specyard policies --starter')
    const written = await specyard(folder, ['policies', '--starter'])
    expect([written.exit, written.stdout.match(/^written/gm)?.length]).toEqual([0, 12])
    expect(readFileSync(join(folder, 'specs/policies/image-digests.yaml'), 'utf8')).toContain(
      'environments: [production]',
    )
    await writeFiles(folder, {
      'specs/policies/gpu-caps.yaml': readFileSync(join(folder, 'specs/policies/gpu-caps.yaml'), 'utf8').replace(
        "'8'",
        "'2'",
      ),
    })
    const again = await specyard(folder, ['policies', '--starter'])
    expect(again.stdout.match(/^kept/gm)).toHaveLength(12)
    expect(readFileSync(join(folder, 'specs/policies/gpu-caps.yaml'), 'utf8')).toContain("'2'")
    const list = JSON.parse((await specyard(folder, ['policies', '--output', 'json'])).stdout) as {
      policies: { name: string; action: string }[]
    }
    expect(list.policies.map((one) => one.name)).toEqual(
      readdirSync(join(root, 'policies'))
        .map((file) => file.replace('.yaml', ''))
        .sort(),
    )
    expect(list.policies.filter((one) => one.action === 'Warn').map((one) => one.name)).toEqual(['owners'])
  })

  it('is held by check and publish, and told by diff', async () => {
    const folder = await repository()
    await specyard(folder, ['policies', '--starter'])
    const fine = await specyard(folder, ['check'])
    expect([fine.exit, fine.stdout.match(/POLICY_\w+/g)]).toEqual([
      0,
      ['POLICY_WARNED', expect.any(String)].slice(0, 1),
    ])
    const diff = await specyard(folder, ['diff'])
    expect([diff.exit, diff.stdout]).toEqual([1, expect.stringContaining('POLICY_WARNED')])
    await writeFiles(folder, { 'specs/letters.yaml': training().replace('trainer:1', 'trainer:latest') })
    const refused = await specyard(folder, ['check'])
    expect([refused.exit, refused.stdout]).toEqual([
      1,
      expect.stringContaining('specs/letters.yaml:10:10  error  POLICY_DENIED  policy "no-latest" denies Job letters-'),
    ])
    expect((await specyard(folder, ['diff'])).exit).toBe(2)
    const published = await specyard(folder, ['publish'])
    expect([published.exit, published.stderr + published.stdout]).toEqual([1, expect.stringContaining('POLICY_DENIED')])
  })

  it('prints objects for the API server, for each environment or one, and says what it leaves out', async () => {
    const folder = await repository()
    await specyard(folder, ['policies', '--starter'])
    const all = await specyard(folder, ['policies', '--output', 'admission'])
    expect(all.exit).toBe(0)
    const objects = parseAllDocuments(all.stdout).map(
      (one) => one.toJS() as { kind: string; metadata: { name: string }; spec: Record<string, unknown> },
    )
    const named = (name: string): unknown => objects.filter((one) => one.metadata.name === name)
    expect(objects.map((one) => one.metadata.name)).toContain('production.image-digests.specyard.dev')
    expect(objects.map((one) => one.metadata.name)).not.toContain('stg.image-digests.specyard.dev')
    expect(named('stg.gpu-caps.specyard.dev')).toMatchObject([
      { kind: 'ValidatingAdmissionPolicy', spec: { failurePolicy: 'Fail' } },
      {
        kind: 'ValidatingAdmissionPolicyBinding',
        spec: {
          policyName: 'stg.gpu-caps.specyard.dev',
          validationActions: ['Deny'],
          matchResources: {
            namespaceSelector: {
              matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['ml-language'] }],
            },
          },
        },
      },
    ])
    // Environments of one cluster know each other's namespaces, or one would shut out the other.
    expect(JSON.stringify(named('stg.own-namespace.specyard.dev'))).toContain(
      '[\\"ml-language\\",\\"ml-language-production\\"]',
    )
    expect(all.stderr).toContain('left out of stg: known-kinds, because it says admission: false')
    const one = await specyard(folder, ['policies', '--output', 'admission', '--environment', 'production'])
    expect(one.stdout).not.toContain('name: stg.')
    const unknown = await specyard(folder, ['policies', '--output', 'admission', '--environment', 'nowhere'])
    expect([unknown.exit, unknown.stderr]).toEqual([2, expect.stringContaining('there are: stg, production')])
    expect((await specyard(folder, ['policies', '--environment', 'stg'])).exit).toBe(2)
  })

  it('reads the example of its page, and says of a bad expression where it is', async () => {
    const page = readFileSync(join(root, 'docs/policies.md'), 'utf8')
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
    const folder = await repository({ 'specs/policies/own-registry.yaml': example.replace('[stg, prod]', '[stg]') })
    expect((await specyard(folder, ['check'])).exit).toBe(0)
    await writeFiles(folder, {
      'specs/environments.yaml': environments.replace('spec: {', 'spec: { registry: registry.example.com/,'),
    })
    expect((await specyard(folder, ['check'])).stdout).toContain('images must come from registry.example.com/')
    await writeFiles(folder, {
      'specs/policies/own-registry.yaml': example
        .replace('variables.registry))', 'variables.registy))')
        .replace('[stg, prod]', '[stg]'),
    })
    const bad = await specyard(folder, ['policies'])
    const [, place] = /^specs\/policies\/own-registry.yaml:(\d+:\d+)/m.exec(bad.stderr) ?? []
    expect([bad.exit, place]).toEqual([1, /own-registry.yaml:(\d+:\d+)/.exec(page)?.[1]])
  })
})

describe('a secret in a spec', () => {
  const leaking = { 'specs/letters.yaml': training(`  env: { GITHUB_TOKEN: ${token} }\n`) }

  it.each([
    [['check'], 1],
    [['check', '--output', 'json'], 1],
    [['check', '--output', 'github'], 1],
    [['check', '--output', 'sarif'], 1],
    [['check', '--output', 'junit'], 1],
    [['compile'], 1],
    [['diff'], 2],
    [['diff', '--output', 'json'], 2],
    [['diff', '--output', 'markdown'], 2],
    [['publish'], 1],
    [['explain', 'letters'], 1],
    [['explain', 'letters', '--rendered'], 1],
    [['explain', 'letters', '--output', 'json'], 1],
    [['policies'], 1],
    [['policies', '--output', 'json'], 1],
    [['policies', '--output', 'admission'], 1],
    [['drift'], 2],
  ] as const)('is refused and not printed by %j', async (args, exit) => {
    const folder = await repository(leaking)
    const said = await specyard(folder, args)
    expect([said.exit, said.stdout + said.stderr]).toEqual([exit, expect.not.stringContaining(token)])
    expect(said.stdout + said.stderr).toMatch(/SECRET.{0,2}LITERAL/)
  })

  it.each([
    ['of a name, with another kind of quotes', "DB_PASSWORD: 'it''s-hunter22'"],
    ['of a name, with escapes', 'DB_PASSWORD: "a\\"b-hunter22\\u0041"'],
    ['of a name, in five letters', 'DB_PASSWORD: hunt2'],
    ['of a name, folded', 'DB_PASSWORD: >-\n      hunter22\n      and more'],
    ['of a name, by an alias', 'A: &p hunter2zzzz\n    DB_PASSWORD: *p'],
    [
      'that is a key',
      `KEY: "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA\\n${`${'hunt'.repeat(16)}\\n`.repeat(3)}-----END RSA PRIVATE KEY-----"`,
    ],
  ])('%s is not explained', async (_title, variable) => {
    const folder = await repository({ 'specs/letters.yaml': training(`  env:\n    ${variable}\n`) })
    for (const words of [
      ['explain', 'letters'],
      ['explain', 'letters', '-o', 'json'],
      ['explain', 'letters', 'variables'],
    ]) {
      const said = await specyard(folder, words)
      expect([said.exit, said.stdout + said.stderr]).toEqual([1, expect.not.stringContaining('hunt')])
      expect(said.stdout).toContain('SECRET_LITERAL')
    }
  })

  it.each(['human', 'json', 'admission'])('in a name is not shown by policies --output %s', async (output) => {
    const policy = `apiVersion: specyard.dev/v1\nkind: Policy\nmetadata: { name: "${token}" }\nspec: { }\n`
    const said = await specyard(await repository({ 'specs/policy.yaml': policy }), ['policies', '--output', output])
    expect([said.exit, said.stdout + said.stderr]).toEqual([1, expect.not.stringContaining(token)])
    expect(said.stderr).toContain('SECRET_LITERAL')
  })

  it('that a change takes away is not printed as what was there', async () => {
    const folder = await repository(leaking)
    await commitFiles(folder, { 'specs/letters.yaml': training() })
    for (const output of ['human', 'json', 'markdown']) {
      const said = await specyard(folder, ['diff', 'HEAD~1', 'HEAD', '--output', output])
      expect([output, said.stdout + said.stderr]).toEqual([output, expect.not.stringContaining(token)])
    }
  })
})

describe('a thousand files that SOPS encrypted', () => {
  it('are the same, byte for byte, after check, compile and publish', async () => {
    const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
    const value = (index: number): string =>
      `ENC[AES256_GCM,data:${Buffer.from(`value ${index}`).toString('base64')},iv:${digestOf(String(index)).slice(0, 43)}=,tag:x=,type:str]`
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [
        `specs/secrets/${index}.yaml`,
        `apiVersion: v1\r\nkind: Secret\nmetadata: { name: s${index} }\nstringData:\n    password:   ${value(index)}\nsops: { mac: '${value(index)}', version: 3.9.1, age: [] }${index % 2 ? '\n' : ''}`,
      ]),
    )
    const folder = await repository(files)
    const before = Object.entries(files).map(([path, text]) => [path, digestOf(text)])
    for (const command of [['check'], ['compile'], ['publish']] as const)
      expect([command, (await specyard(folder, command)).exit]).toEqual([command, 0])
    const after = Object.keys(files).map((path) => [path, digestOf(readFileSync(join(folder, path), 'utf8'))])
    expect(after).toEqual(before)
  })
})
