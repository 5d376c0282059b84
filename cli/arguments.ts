import { UsageError } from './world.ts'

/* What words of the command line mean. Each throws UsageError for a word that means nothing. */

/** A whole number of at most nine digits. */
export function integer(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`error: "${text}" is not a whole number`)
  return Number(text)
}

/** Milliseconds of `90`, `90s`, `10m` or `2h`. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})(s|m|h)?$/.exec(text) ?? []
  if (number === undefined) throw new UsageError(`error: "${text}" is not a duration; write 90s, 10m or 2h`)
  return Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[(unit ?? 's') as 's' | 'm' | 'h']
}

/** `0.0.0.0:8788`, `[::1]:8788`. */
export function listenAddress(text: string): { host: string; port: number } {
  const [, six, four, port] = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = six ?? four
  if (host === undefined || Number(port) > 65_535)
    throw new UsageError(`error: "${text}" is not an address; write 0.0.0.0:8788`)
  return { host, port: Number(port) }
}

/** `namespace/name` of a Lease. */
export function leaseName(text: string): { namespace: string; name: string } {
  const [, namespace, name] = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(text) ?? []
  if (namespace === undefined || name === undefined)
    throw new UsageError(`error: "${text}" is not a Lease; write namespace/name`)
  return { namespace, name }
}
