const binaryUnits = [
  ['Ei', 2n ** 60n],
  ['Pi', 2n ** 50n],
  ['Ti', 2n ** 40n],
  ['Gi', 2n ** 30n],
  ['Mi', 2n ** 20n],
  ['Ki', 2n ** 10n],
] as const
const decimalUnits = [
  ['E', 10n ** 18n],
  ['P', 10n ** 15n],
  ['T', 10n ** 12n],
  ['G', 10n ** 9n],
  ['M', 10n ** 6n],
  ['k', 10n ** 3n],
] as const

const gibibyte = 2 ** 30
const tebibyte = 2 ** 40

/** Kubernetes' way of writing CPU: `2`, `500m`. */
export function cpuQuantity(millicores: number): string {
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`
}

/** Kubernetes' way of writing memory, in the largest unit that is exact: `8Gi`, `1500M`, `1048577`. */
export function memoryQuantity(bytes: number): string {
  if (bytes !== 0 && bytes % gibibyte === 0 && bytes < tebibyte) return `${bytes / gibibyte}Gi`
  const exact = BigInt(bytes)
  for (const [unit, size] of [...binaryUnits, ...decimalUnits]) {
    if (exact !== 0n && exact % size === 0n) return `${exact / size}${unit}`
  }
  return String(exact)
}
