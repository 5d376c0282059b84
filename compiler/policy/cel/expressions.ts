import { Environment } from '@marcbachmann/cel-js'
import { bounded, type Refused } from './bounded.ts'
import { addFunctions } from './functions.ts'
import { Meter } from './meter.ts'

/** An expression that was parsed and checked. */
export interface Expression {
  /** `bool`, `string`, `list<string>`, …; `dyn` where only the value tells. */
  readonly type: string
  /** @throws Error for what goes wrong with these values, such as a key that is not there */
  evaluate(values: Readonly<Record<string, unknown>>): unknown
}

/** Types that expressions know: of what every expression sees, and of the variables so far. */
export type Types = Readonly<Record<string, string>>

const limits = { maxAstNodes: 2000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 32 }
const options = { enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits }
const request = {
  name: 'string',
  namespace: 'string',
  operation: 'string',
  kind: { group: 'string', version: 'string', kind: 'string' },
}
const untyped = ['object', 'oldObject', 'plan', 'spec', 'environment'] as const

/** Parses, checks and evaluates expressions as the API server would, within bounds. One for each compilation. */
export class Expressions {
  readonly meter = new Meter()
  private readonly typed = this.base().registerVariable({ name: 'request', schema: request })
  private readonly running = this.base().registerVariable('request', 'dyn').registerVariable('variables', 'dyn')

  /** @param variables types of what may be called `variables.<name>` */
  parse(text: string, variables: Types): Expression | Refused {
    const checked = this.typed
      .clone()
      .registerVariable({ name: 'variables', schema: { ...variables } })
      .check(text)
    if (!checked.valid) return refusal(checked.error)
    const tree = this.running.parse(text)
    const changed = bounded(text, tree.ast)
    if (typeof changed !== 'string') return changed
    const program = this.running.parse(changed)
    const evaluate = (values: Readonly<Record<string, unknown>>): unknown => {
      const value: unknown = program(values)
      if (this.meter.isSpent) this.meter.step()
      return value
    }
    return { type: checked.type ?? 'dyn', evaluate }
  }

  private base(): Environment {
    const environment = addFunctions(new Environment(options), this.meter)
    for (const name of untyped) environment.registerVariable(name, 'dyn')
    return environment
  }
}

export function isRefused(one: Expression | Refused): one is Refused {
  return 'offset' in one
}

function refusal(error: unknown): Refused {
  const { summary, range } = error as { summary?: string; range?: { start?: number } }
  return { message: summary ?? 'it cannot be read', offset: range?.start ?? 0 }
}

/** What went wrong in an evaluation, in a few words. */
export function evaluationFailure(error: unknown): string {
  const { summary, message } = error as { summary?: string; message?: string }
  return summary ?? (message ?? String(error)).split('\n')[0] ?? ''
}
