import type { Range } from '../../compiler/impact/statement.ts'

/** `41,000`; at most two digits behind the point, and none where they say nothing. The same on every machine. */
export function numberText(value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(2))
  const [whole = '0', fraction] = String(rounded).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  // What is something is never told as nothing.
  if (rounded === 0 && value > 0) return 'less than 0.01'
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** With two digits behind the point, for programs; of what is less, with its first two that say something. */
export function roundedNumber(value: number): number {
  return Number(Math.abs(value) < 0.01 ? value.toPrecision(2) : value.toFixed(2))
}

/** `1.2 to 2`, `at most 96`, `2`. */
export function rangeText({ low, high }: Range): string {
  if (numberText(low) === numberText(high)) return numberText(high)
  return low === 0 ? `at most ${numberText(high)}` : `${numberText(low)} to ${numberText(high)}`
}

/** A number of GPUs or replicas that may vary: `2`, `2 to 8`. */
export function spanText({ low, high }: Range): string {
  return low === high ? numberText(high) : `${numberText(low)} to ${numberText(high)}`
}

/** Hours as people say them: `20 min`, `1.5 h`. */
export function hoursText({ low, high }: Range): string {
  if (high >= 1) return `${rangeText({ low, high })} h`
  return `${rangeText({ low: Math.round(low * 60), high: Math.max(1, Math.round(high * 60)) })} min`
}

/** `1 run starts`, `2 runs start`. */
export function countText(count: number, one: string, many: string): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}
