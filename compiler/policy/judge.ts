import type { Place, Problem } from '../../domain/problem.ts'
import type { CompileInput, Rendered } from '../compile-types.ts'
import { readManifests } from '../load/manifest.ts'
import { problem, shortened } from '../problem.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { Blame, type Blamed } from './blame.ts'
import type { Denies } from './cause.ts'
import { evaluationFailure, Expressions } from './cel/expressions.ts'
import { referencesOf } from './cel/references.ts'
import { deploymentsOf } from './deployment.ts'
import { unknownProjects } from './projects.ts'
import { type Prepared, prepare, type Validation } from './prepare.ts'
import { fits, groupAndVersion, type Manifest, manifestOf } from './resources.ts'
import { celValue } from './values.ts'

/**
 * What policies say of everything that is newly rendered. It is the text of the files that is read again, whatever templates, overlays and
 * patches made of it, so nothing that is published escapes.
 */
export function judge(input: CompileInput, known: Catalogue, rendered: readonly Rendered[]): readonly Problem[] {
  if (known.policies.length === 0) return []
  const problems: Problem[] = []
  const expressions = new Expressions()
  const policies = known.policies.flatMap((spec) => prepare(spec, expressions, known, problems) ?? [])
  problems.push(...unknownProjects(known, input.beside))
  const blame = new Blame(input, known)
  const firsts = new Map<string, readonly Problem[]>()
  for (const file of rendered) {
    const about = policies.filter((policy) => isAbout(policy, file, known))
    if (about.length === 0) continue
    const found = judgeFile(file, { policies: about, expressions, known, blame })
    firsts.set(file.path, found)
    problems.push(...(file.retryOf === undefined ? found : withoutThoseOf(firsts.get(file.retryOf) ?? [], found)))
  }
  return problems
}

/** What is wrong with the first attempt is wrong with a retry, and is said once. */
function withoutThoseOf(first: readonly Problem[], found: readonly Problem[]): readonly Problem[] {
  const rule = ({ code, also }: Problem): string => JSON.stringify([code, also])
  const told = new Set(first.map(rule))
  return found.filter((one) => !told.has(rule(one)))
}

interface Judging {
  readonly policies: readonly Prepared[]
  readonly expressions: Expressions
  readonly known: Catalogue
  readonly blame: Blame
}

function isAbout({ spec }: Prepared, { environment, project }: Rendered, known: Catalogue): boolean {
  const { environments, projects, clusters } = spec.value.spec.match ?? {}
  const cluster = known.environments.get(environment)?.value.spec.cluster === 'local' ? 'local' : 'kubernetes'
  const has = (list: readonly string[] | undefined, one: string): boolean => list === undefined || list.includes(one)
  return has(environments, environment) && has(projects, project) && has(clusters, cluster)
}

function judgeFile(file: Rendered, judging: Judging): readonly Problem[] {
  const read = manifestsOf(file)
  if ('unreadable' in read) {
    const message = `${file.path} cannot be judged by any policy: ${read.unreadable}`
    const hint = 'the template or a patch makes what Kubernetes cannot read: mend it'
    return [problem('POLICY_DENIED', judging.blame.head(file), message, { hint })]
  }
  return read.manifests.flatMap((manifest, index) => {
    const values = seen(file, manifest, judging.known)
    return judging.policies
      .filter(({ spec }) => spec.value.spec.matchConstraints.resourceRules.some((rule) => fits(rule, manifest)))
      .flatMap((policy) => apply(policy, { file, manifest, index, values }, judging))
  })
}

function manifestsOf(file: Rendered): { manifests: readonly Manifest[] } | { unreadable: string } {
  let documents: readonly unknown[]
  try {
    documents = readManifests(file.text)
  } catch (error) {
    return { unreadable: (error as Error).message.split('\n')[0] ?? '' }
  }
  const manifests = documents.flatMap((one): readonly (Manifest | undefined)[] =>
    file.isValues ? deploymentsOf(one, file.plan?.namespace ?? '') : [manifestOf(one)],
  )
  const isRead = (one: Manifest | undefined): one is Manifest => one !== undefined
  return manifests.every(isRead) ? { manifests } : { unreadable: 'a document in it has no apiVersion or no kind' }
}

interface Case {
  readonly file: Rendered
  readonly manifest: Manifest
  /** Among those of the file, from 0. */
  readonly index: number
  readonly values: Readonly<Record<string, unknown>>
}

/** What expressions see of a manifest. */
function seen(file: Rendered, manifest: Manifest, known: Catalogue): Case['values'] {
  const environment = known.environments.get(file.environment)?.value
  const namespace = manifest.namespace
  const { group, version } = groupAndVersion(manifest.apiVersion)
  return {
    object: celValue(manifest.object),
    oldObject: null,
    request: { name: manifest.name, namespace, operation: 'CREATE', kind: { group, version, kind: manifest.kind } },
    plan: celValue(file.plan),
    spec: celValue(file.spec?.value ?? null),
    environment: celValue(environment ?? null),
  }
}

function apply(policy: Prepared, one: Case, judging: Judging): readonly Problem[] {
  judging.expressions.meter.refill()
  const values = withVariables(policy, one, judging.known)
  try {
    if (!isMeant(policy, values)) return []
  } catch (error) {
    return [told(policy, null, `its conditions cannot be evaluated: ${evaluationFailure(error)}`, one, judging)]
  }
  const denials = policy.validations.flatMap((validation) => {
    const why = denial(validation, values)
    return why === undefined ? [] : [{ validation, why }]
  })
  // Told when all are known: looking for the cause takes steps of its own.
  return denials.map(({ validation, why }) => told(policy, validation, why, one, judging))
}

function isMeant({ conditions }: Prepared, values: Case['values']): boolean {
  return conditions.every(({ expression }) => expression.evaluate(values) === true)
}

/** Why a validation denies what expressions see; undefined where it does not. */
function denial(validation: Validation, values: Case['values']): string | undefined {
  try {
    const result = validation.expression.evaluate(values)
    if (result === true) return undefined
    if (result !== false) throw new Error('the expression is neither true nor false')
    return messageOf(validation, values)
  } catch (error) {
    return `it cannot be evaluated: ${evaluationFailure(error)}`
  }
}

/** Tells whether the same would be denied of another object in the place of the one that is judged. */
function denies(policy: Prepared, validation: Validation, one: Case, { expressions, known }: Judging): Denies {
  return (object) => {
    expressions.meter.refill()
    const values = withVariables(policy, { ...one, values: { ...one.values, object: celValue(object) } }, known)
    try {
      return isMeant(policy, values) && denial(validation, values) !== undefined
    } catch {
      return true
    }
  }
}

function withVariables(policy: Prepared, one: Case, known: Catalogue): Case['values'] {
  return { ...one.values, variables: variablesOf(policy, one, known) }
}

/** Variables are evaluated where they are used and once, as in the cluster. */
function variablesOf(policy: Prepared, { values, file }: Case, known: Catalogue): Readonly<Record<string, unknown>> {
  const variables: Record<string, unknown> = {
    environmentName: file.environment,
    namespaces: namespacesOf(known, file.environment, file.project),
  }
  for (const { name, expression } of policy.variables) {
    Object.defineProperty(variables, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const value = expression.evaluate({ ...values, variables })
        Object.defineProperty(variables, name, { value, enumerable: true })
        return value
      },
    })
  }
  return variables
}

/** The namespace that an environment gives a project, as a list of one; on the local cluster that is the project. */
function namespacesOf(known: Catalogue, environment: string, project: string): readonly string[] {
  const cluster = known.environments.get(environment)?.value.spec.cluster
  if (cluster === undefined || cluster === 'local') return [project]
  const { namespaces } = cluster.kubernetes
  return Object.hasOwn(namespaces, project) ? [namespaces[project] ?? ''] : []
}

function messageOf({ message, messageExpression }: Validation, values: Case['values']): string {
  const otherwise = message ?? 'its expression is false'
  if (!messageExpression) return otherwise
  try {
    const made = messageExpression.evaluate(values)
    return typeof made === 'string' && made.trim() !== '' && !made.includes('\n') ? made : otherwise
  } catch {
    return otherwise
  }
}

function told(policy: Prepared, validation: Validation | null, why: string, one: Case, judging: Judging): Problem {
  const { document, value } = policy.spec
  const { name } = value.metadata
  const isWarning = value.spec.validationActions?.[0] === 'Warn'
  const rule: Place = document.locate(validation?.pointer ?? '/metadata/name')
  const { kind, name: object } = one.manifest
  const code = isWarning ? 'POLICY_WARNED' : 'POLICY_DENIED'
  const message = `policy "${name}" ${isWarning ? 'warns of' : 'denies'} ${kind} ${shortened(object)} in ${one.file.environment}: ${why}`
  const { where, change, also = [] } = blamed(policy, validation, why, one, judging)
  return problem(code, where, message, {
    hint: isWarning
      ? 'nothing is stopped by it'
      : (change ?? 'change the spec, or the policy by a pull request of its own'),
    also: [{ where: rule, note: `the policy "${name}"` }, ...also],
  })
}

function blamed(policy: Prepared, validation: Validation | null, why: string, one: Case, judging: Judging): Blamed {
  const { blame } = judging
  if (validation === null) return { where: blame.head(one.file) }
  const expressions = textsOf(policy, validation)
  const { file, manifest, index } = one
  return blame.of(file, {
    manifest,
    index,
    expressions,
    message: why,
    denies: denies(policy, validation, one, judging),
  })
}

/** The expression and those of the variables that it may use: the names in them say which part of a manifest is meant. */
function textsOf({ spec }: Prepared, { pointer }: Validation): readonly string[] {
  const { variables = [], validations } = spec.value.spec
  const own = validations[Number(pointer.split('/')[3])]?.expression ?? ''
  const used = referencesOf(own).variables
  return [own, ...variables.flatMap(({ name, expression }) => (used.has(name) ? [expression] : []))]
}
