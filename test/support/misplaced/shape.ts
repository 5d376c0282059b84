import { schemas } from '../../../compiler/validate/schemas.ts'
import type { SpecKind } from '../../../domain/specs.generated.ts'
import { isList, isMapping, type Node, nodeAt } from './tree.ts'

/** The part of a JSON Schema that mutations are made of. */
export interface Shape {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly minLength?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: Shape | boolean
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
}

export interface Found {
  readonly shape: Shape
  /** Whether it stands in an overlay, where nothing is required. */
  readonly inOverlay: boolean
}

/** The shape that the schema of a kind wants at some steps of a document; undefined where it wants none. */
export function shapeAt(kind: SpecKind, root: Node, steps: readonly string[]): Found | undefined {
  const inOverlay = steps[0] === 'spec' && steps[1] === 'environments' && steps.length > 2 && kind === 'ServingEndpoint'
  const way = inOverlay ? ['spec', ...steps.slice(3)] : steps
  let shape: Shape | undefined = schemas[kind] as Shape
  for (const [index, step] of way.entries()) {
    const node = nodeAt(root, inOverlay && index > 0 ? steps.slice(0, 2 + index) : steps.slice(0, index))
    const chosen: Shape | undefined = choose(shape, node)
    const other = typeof chosen?.additionalProperties === 'object' ? chosen.additionalProperties : undefined
    shape = isList(node) ? chosen?.items : (chosen?.properties?.[step] ?? other)
    if (!shape) return undefined
  }
  return { shape, inOverlay }
}

/** Of alternatives the one for a mapping, where a mapping stands. */
export function choose(shape: Shape | undefined, node: Node): Shape | undefined {
  if (!shape?.anyOf) return shape
  return shape.anyOf.find((one) => (one.type === 'object') === isMapping(node)) ?? shape
}
