import { compile } from '../../compiler/compile.ts'
import type { CompileResult, Impact } from '../../compiler/compile-types.ts'
import { impactOf, type PartOfChange, partsOf } from '../../compiler/decide/pull-requests.ts'
import type { Memory } from '../../compiler/load/memory.ts'
import type { SourceRecord } from '../../domain/ledger.ts'
import { keyText } from '../../domain/names.ts'
import { hasErrors, type Problem } from '../../domain/problem.ts'
import type { Change, Deployed, Publication, PublishedChange, SourceFile } from '../../domain/publication.ts'
import { filesRead } from '../../publisher/source.ts'
import type { Opened } from '../house/open.ts'
import { deadline } from './aids.ts'
import { compileInput } from './compile-input.ts'
import { proposeSpecs, type ProposedSpecs } from './propose-specs.ts'
import { specPathsOf } from './spec-paths.ts'

export interface PublishedSpecs {
  readonly result: CompileResult
  /** Problems of reading and compiling, in the order of places. */
  readonly problems: readonly Problem[]
  /** The sources, for a look at the lines that problems mean. */
  readonly files: readonly SourceFile[]
  readonly source: SourceRecord
  /** Undefined when there was nothing to change, or when errors kept it from being published. */
  readonly publication: Publication | undefined
  /** What was to be pushed, without what waits for a pull request. */
  readonly impact: Impact
  /** On each branch where anything is, or was, proposed. */
  readonly proposed: readonly ProposedSpecs[]
}

/**
 * Compiles the specs against what is deployed and publishes the difference as one commit; what environments want pull requests for is proposed.
 * With an error among the problems nothing is published, and what waits is left as it is.
 * @param head of the spec repository, where it was just asked for
 * @param memory of this very process, where it publishes again and again
 */
export async function publishSpecs(
  opened: Pick<Opened, 'settings' | 'deploy' | 'specs' | 'pullRequests'>,
  head?: string | null,
  memory?: Memory,
): Promise<PublishedSpecs> {
  const { settings, deploy, specs } = opened
  const tree = await specs.read(head)
  const { source } = tree
  const input = { ...(await compileInput(settings, tree)), checksManifests: true }
  let last: Compilation | undefined
  const compiled = (deployed: Deployed): Compilation => {
    const result = compile({ ...input, deployed }, { memory, pulse: deadline() })
    return (last = {
      result,
      parts: partsOf(result, deployed),
      failed: hasErrors([...tree.problems, ...result.problems]),
    })
  }
  const described = (part: PartOfChange, deployed: Deployed): PublishedChange | undefined =>
    part.change.size === 0
      ? undefined
      : { ...wordsOf(part, deployed), part: (change, isOf) => wordsOf(only(part, change, isOf), deployed) }
  // The embedded deploy repository belongs to this working tree alone, and its owner may switch branches.
  const request = { source, descends: tree.descends, allowDiverged: settings.embeddedDeploy }
  const publication = await deploy.publish({
    ...request,
    change: (deployed) => {
      const { parts, failed } = compiled(deployed)
      return failed ? undefined : described(parts.pushed, deployed)
    },
  })
  if (!last) throw new Error('the publisher did not ask for the change')
  const { result, parts, failed } = last
  const proposed = failed
    ? []
    : await proposeSpecs(opened, request, {
        ...{ input, asked: result.pullRequests.length > 0, branches: result.branches },
        change: (deployed) => {
          const part = compiled(deployed).parts.proposed
          const change = described(part, deployed)
          return change && { change, effects: (isOf) => describeImpact(only(part, part.change, isOf)) }
        },
      })
  const files = filesRead(tree)
  const problems = [...tree.problems, ...result.problems]
  return { result, problems, files, source, publication, impact: parts.pushed.impact, proposed }
}

function wordsOf(part: PartOfChange, deployed: Deployed): PublishedChange {
  return { ...describeChange(part), specs: specPathsOf(part.change, deployed.files) }
}

/** What of a part is about some environments. */
function only({ impact }: PartOfChange, change: Change, isOf: (environment: string) => boolean): PartOfChange {
  return { change, impact: impactOf(impact, ({ environment }) => isOf(environment)) }
}

interface Compilation {
  readonly result: CompileResult
  readonly parts: ReturnType<typeof partsOf>
  readonly failed: boolean
}

function describeChange(part: PartOfChange): PublishedChange {
  const { starts, supersedes, cancels, releases, ends, removes, waits } = part.impact
  const beside = releases.filter((one) => one.beside)
  const counted = [
    count(starts.length, 'run starts', 'runs start'),
    count(supersedes.length, 'is superseded', 'are superseded'),
    count(cancels.length, 'is cancelled', 'are cancelled'),
    count(releases.length - beside.length, 'endpoint is released', 'endpoints are released'),
    count(beside.length, 'rollout begins', 'rollouts begin'),
    count(ends.length, 'rollout ends', 'rollouts end'),
    count(removes.length, 'endpoint is removed', 'endpoints are removed'),
    count(waits.length, 'endpoint waits', 'endpoints wait'),
  ].filter((part) => part !== '')
  const subject = `Publish specs: ${counted.join(', ') || 'nothing starts or stops'}`
  return {
    files: part.change,
    subject: subject.length <= 72 ? subject : `${subject.slice(0, 71)}…`,
    body: describeImpact(part).join('\n'),
    action: 'publication',
    subjects: subjectsOf(part.impact),
  }
}

/** What a publication concerns: whatever starts, stops or changes. By it is told which Applications have something to sync. */
export function subjectsOf(impact: CompileResult['impact']): readonly string[] {
  const { starts, supersedes, cancels, releases, ends, removes } = impact
  const keyed = [...supersedes, ...cancels, ...releases].map(({ key }) => key)
  return [...new Set([...starts, ...keyed, ...ends, ...removes].map(keyText))]
}

/** What a publication does, a line for each effect, most important first. */
export function describeImpact({ impact }: Pick<CompileResult, 'impact'>): readonly string[] {
  const { starts, supersedes, cancels, releases, ends, removes, waits } = impact
  const name = (key: { environment: string; project: string; name: string }) =>
    `${key.environment}/${key.project}/${key.name}`
  return [
    ...starts.map((plan) => `starts      ${name(plan)}  (${plan.source.path}:${plan.source.line})`),
    ...supersedes.map(({ key, oldRunId }) => `supersedes  ${name(key)}  (run ${oldRunId} is cancelled)`),
    ...cancels.map(({ key, runId }) => `cancels     ${name(key)}  (its spec is gone; run ${runId})`),
    ...releases.map(({ key, modelVersion, beside }) =>
      beside
        ? `rolls out   ${name(key)}  (model version ${modelVersion} gets ${beside.weight} %, revision ${beside.revision} the rest)`
        : `releases    ${name(key)}  (model version ${modelVersion})`,
    ),
    ...ends.map((key) => `ends        ${name(key)}  (its rollout: the spec asks for the stable release again)`),
    ...removes.map((key) => `removes     ${name(key)}`),
    ...waits.map(({ key, message }) => `waits       ${name(key)}  (${message})`),
  ]
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : many}`
}
