/**
 * A value as CEL sees it: whole numbers are integers, as Kubernetes' own types have them, and texts that YAML took for times are texts again.
 */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, celValue(one)]))
}
