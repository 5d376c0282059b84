/** Powers of ten, and of two, that a suffix stands for. */
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binary: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
}
const nano = 10n ** 9n
const exponentMax = 18

/**
 * A quantity of Kubernetes, exact to a billionth, which is as exact as the API server keeps it.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export class Quantity {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }

  /** Undefined for what is no quantity. */
  static parse(text: string): Quantity | undefined {
    const [, sign, whole = '', fraction = '', suffix = '', exponent] =
      /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/.exec(text) ?? []
    if (sign === undefined || whole + fraction === '' || text.length > 64) return undefined
    const factor = binary[suffix]
    const power = exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent)
    if (Math.abs(power) > exponentMax) return undefined
    const digits = BigInt(whole + fraction)
    const shift = 9 + (factor === undefined ? power : 0) - fraction.length
    const scaled = digits * (factor ?? 1n)
    const nanos = shift >= 0 ? scaled * 10n ** BigInt(shift) : roundedUp(scaled, 10n ** BigInt(-shift))
    return new Quantity(sign === '-' ? -nanos : nanos)
  }

  get isInteger(): boolean {
    return this.nanos % nano === 0n
  }

  /** @throws RangeError where it is none */
  toInteger(): bigint {
    if (!this.isInteger) throw new RangeError('the quantity is no whole number')
    return this.nanos / nano
  }

  toFloat(): number {
    return Number(this.nanos) / Number(nano)
  }

  /** -1, 0 or 1. */
  compare(other: Quantity): bigint {
    return this.nanos < other.nanos ? -1n : this.nanos > other.nanos ? 1n : 0n
  }
}

function roundedUp(number: bigint, by: bigint): bigint {
  return (number + by - 1n) / by
}
