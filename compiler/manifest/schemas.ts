/*
 * The shapes of Kubernetes objects, as the API server itself describes them (schemas/kubernetes/README.md). They are data that whoever calls
 * the compiler hands in, read when the first object is checked.
 */

/** What is kept of a schema of OpenAPI. References are `#/<name of a definition>`. */
export interface ObjectSchema {
  readonly $ref?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly format?: string
  readonly properties?: Readonly<Record<string, ObjectSchema>>
  readonly additionalProperties?: ObjectSchema | boolean
  readonly items?: ObjectSchema
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly nullable?: boolean
  readonly default?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly uniqueItems?: boolean
  readonly allOf?: readonly ObjectSchema[]
  readonly anyOf?: readonly ObjectSchema[]
  readonly oneOf?: readonly ObjectSchema[]
  readonly not?: ObjectSchema
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  /** Ours: the root of a kind that a CustomResourceDefinition describes. */
  readonly 'x-kubernetes-custom'?: boolean
}

/** Definitions by name: those of kinds are called `apiVersion/Kind`. */
export type Definitions = Readonly<Record<string, ObjectSchema>>

/** Minor versions of Kubernetes whose schemas are there, the oldest first. */
export const kubernetesVersions = ['1.34', '1.35', '1.36'] as const
export type KubernetesVersion = (typeof kubernetesVersions)[number]
/** Where neither the command nor the Environment says one. */
export const newestKubernetes: KubernetesVersion = '1.36'

/** The schemas of one version of the API server together with those of custom resources. */
export interface KubernetesSchemas {
  /** Reads them at the first call for each version. */
  of(version: KubernetesVersion): Definitions
}

/** The definition that a schema is, or refers to. */
export function resolved(schema: ObjectSchema, definitions: Definitions): ObjectSchema {
  let found = schema
  while (found.$ref !== undefined) {
    const next = definitions[found.$ref.slice(2)]
    if (next === undefined) throw new Error(`the schemas of Kubernetes have no ${found.$ref}`)
    found = next
  }
  return found
}
