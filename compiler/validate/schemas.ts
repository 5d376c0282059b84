import type { SpecKind } from '../../domain/specs.generated.ts'
import dataset from '../../schemas/dataset.schema.json' with { type: 'json' }
import environment from '../../schemas/environment.schema.json' with { type: 'json' }
import model from '../../schemas/model.schema.json' with { type: 'json' }
import policy from '../../schemas/policy.schema.json' with { type: 'json' }
import promptTemplate from '../../schemas/prompt-template.schema.json' with { type: 'json' }
import servingEndpoint from '../../schemas/serving-endpoint.schema.json' with { type: 'json' }
import trainingJob from '../../schemas/training-job.schema.json' with { type: 'json' }

/** The part of a JSON Schema that messages are made of. */
export interface SchemaNode {
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly items?: SchemaNode
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly maxLength?: number
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly SchemaNode[]
}

export const schemas: Readonly<Record<SpecKind, SchemaNode>> = {
  Dataset: dataset,
  Environment: environment,
  Model: model,
  Policy: policy,
  PromptTemplate: promptTemplate,
  ServingEndpoint: servingEndpoint,
  TrainingJob: trainingJob,
}

/** The schema that a validation error speaks of: the one its keyword stands in. */
export function schemaAt(kind: SpecKind, schemaPath: string): SchemaNode {
  let node: unknown = schemas[kind]
  const steps = schemaPath
    .replace(/^[^#]*#\/?/, '')
    .split('/')
    .slice(0, -1)
  for (const step of steps) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    node = (node as Record<string, unknown> | undefined)?.[name]
  }
  return (node ?? {}) as SchemaNode
}
