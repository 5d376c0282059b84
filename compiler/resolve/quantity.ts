import { remembered } from '../../domain/remembered.ts'

const units: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
}

/** Thousandths of a core in a CPU quantity such as `2`, `0.5` or `500m`. The schema has checked its form. */
export const millicores = remembered((quantity) => {
  if (quantity.endsWith('m')) return Number(quantity.slice(0, -1))
  const [whole = '0', fraction = ''] = quantity.split('.')
  return Number(whole) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3))
})

/** Bytes in a memory quantity such as `8Gi`, `1.5G` or `1048576`; a fraction of a byte is rounded up. */
export const bytes = remembered((quantity) => {
  const [, whole = '0', fraction = '', unit = ''] = /^(\d+)(?:\.(\d+))?([A-Za-z]*)$/.exec(quantity) ?? []
  const scale = units[unit] ?? 1n
  const product = Number(whole) * Number(scale)
  if (fraction === '' && Number.isSafeInteger(product)) return product
  const parts = 10n ** BigInt(fraction.length)
  const numerator = (BigInt(whole) * parts + BigInt(fraction || '0')) * scale
  return Number((numerator + parts - 1n) / parts)
})
