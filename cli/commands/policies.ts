import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadSpecs } from '../../compiler/compile.ts'
import { writeYaml } from '../../compiler/load/edit.ts'
import { admissionOf } from '../../compiler/policy/admission.ts'
import { type Catalogue, catalogue } from '../../compiler/resolve/catalogue.ts'
import { reportSecrets } from '../../compiler/secrets/report.ts'
import { hasErrors, type Problem } from '../../domain/problem.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { packageRoot } from '../house/assets.ts'
import type { Settings } from '../house/settings.ts'
import { compileInput } from '../specs/compile-input.ts'
import { nothingDeployed } from '../specs/compile-specs.ts'
import { openStates } from '../specs/states.ts'
import { formatProblems } from '../terminal/problems.ts'
import { table } from '../terminal/table.ts'
import { UsageError, type World } from '../world.ts'

export interface PoliciesFlags {
  readonly output: 'human' | 'json' | 'admission'
  /** Writes the starter pack into the specs. */
  readonly starter?: boolean
  readonly environment?: readonly string[]
}

/** Where the starter pack goes: among the specs, so that it is read, changed and reviewed as they are. */
const starterFolder = join('specs', 'policies')

/** Lists the policies of the specs, writes the starter pack, or prints what makes the API server hold to them. */
export async function runPolicies(world: World, directory: string, options: PoliciesFlags): Promise<ExitCode> {
  if (options.environment !== undefined && options.output !== 'admission')
    throw new UsageError('error: --environment goes with --output admission')
  const specs = await openStates(world, directory).workingTree()
  const found: Problem[] = [...specs.problems]
  const input = { ...(await compileInput(specs.settings, specs)), deployed: nothingDeployed }
  const loaded = loadSpecs(input, found)
  const known = catalogue(loaded.specs, loaded.broken)
  found.push(...known.problems)
  if (options.starter) return writeStarter(world, specs.settings, known.catalogue)
  // Expressions alone are looked at: what they say of the specs is told by `check`.
  found.push(...(input.judge?.(input, known.catalogue, []) ?? []))
  const problems = reportSecrets(found, loaded.secrets, input)
  if (hasErrors(problems)) {
    world.stderr.write(`${formatProblems(problems)}\n`)
    return exitCodes.problems
  }
  if (options.output === 'admission') return printAdmission(world, known.catalogue, options.environment)
  world.stdout.write(list(known.catalogue, options.output))
  return exitCodes.fine
}

function list({ policies }: Catalogue, output: 'human' | 'json'): string {
  const rows = policies.map(({ document, value: { metadata, spec } }) => ({
    name: metadata.name,
    action: spec.validationActions?.[0] ?? 'Deny',
    environments: spec.match?.environments ?? null,
    projects: spec.match?.projects ?? null,
    clusters: spec.match?.clusters ?? null,
    description: metadata.description ?? '',
    file: document.file,
    line: document.line,
  }))
  if (output === 'json') return `${JSON.stringify({ policies: rows }, null, 2)}\n`
  if (rows.length === 0) return 'there are no policies; specyard policies --starter writes some to begin with\n'
  const heads = ['POLICY', 'ACTION', 'ABOUT', 'FILE']
  const about = (one: (typeof rows)[number]): string =>
    [one.environments, one.projects, one.clusters].flatMap((part) => (part ? [part.join(', ')] : [])).join('; ') ||
    'everything'
  return table(
    heads,
    rows.map((one) => [one.name, one.action, about(one), `${one.file}:${one.line}`]),
  )
}

/** Writes what is not there yet; what a person owns already stays as it is. */
async function writeStarter(world: World, { root }: Settings, known: Catalogue): Promise<ExitCode> {
  const pack = join(packageRoot(), 'policies')
  const target = join(root, starterFolder)
  await mkdir(target, { recursive: true })
  const there = new Set(known.policies.map(({ value }) => value.metadata.name))
  for (const file of (await readdir(pack)).filter((name) => name.endsWith('.yaml')).sort()) {
    const path = join(target, file)
    const shown = join(starterFolder, file)
    if (existsSync(path) || there.has(file.replace(/\.yaml$/, ''))) {
      world.stdout.write(`kept     ${shown}  (it is there already)\n`)
      continue
    }
    await writeFile(path, forEnvironments(await readFile(join(pack, file), 'utf8'), known))
    world.stdout.write(`written  ${shown}\n`)
  }
  world.stdout.write('\nThey are yours now: read them, change them, and see with specyard check what they say.\n')
  return exitCodes.fine
}

/** The pack speaks of `prod`; where there is none, of whatever production is called here, or of every cluster on Kubernetes. */
function forEnvironments(text: string, { environments }: Catalogue): string {
  if (environments.has('prod')) return text
  const production = [...environments.keys()].filter((name) => /^(?:prod|production|live)/.test(name))
  if (production.length > 0) return text.replace('environments: [prod]', `environments: [${production.join(', ')}]`)
  return text.replace(/^ *environments: \[prod\]\n/m, '')
}

function printAdmission(world: World, known: Catalogue, wanted: readonly string[] | undefined): ExitCode {
  const all = [...known.environments.values()].map(({ value }) => value)
  const onKubernetes = all.filter(({ spec }) => spec.cluster !== 'local')
  const names = onKubernetes.map(({ metadata }) => metadata.name)
  const unknown = wanted?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`error: no environment "${unknown}" on Kubernetes; there are: ${names.join(', ')}`)
  const documents: string[] = []
  for (const environment of onKubernetes.filter(({ metadata }) => wanted?.includes(metadata.name) ?? true)) {
    for (const { value } of known.policies) {
      const made = admissionOf(value, environment, onKubernetes)
      if (made.is === 'objects') documents.push(...made.objects.map(writeYaml))
      else world.stderr.write(`left out of ${environment.metadata.name}: ${value.metadata.name}, because ${made.why}\n`)
    }
  }
  world.stdout.write(documents.join('---\n'))
  if (documents.length === 0) world.stderr.write('there is nothing to apply\n')
  return exitCodes.fine
}
