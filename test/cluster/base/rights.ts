import { existsSync, readFileSync } from 'node:fs'

/*
 * Whether this process may do what a real node needs. To be root is not enough: in an ordinary container root may neither mount nor make a bridge.
 */

/** Number of the capability → what the real node does with it. */
const needed = new Map([
  [12, 'make a bridge (CAP_NET_ADMIN)'],
  [21, 'mount and make namespaces (CAP_SYS_ADMIN)'],
])

/**
 * @param status text of /proc/self/status
 * @returns what this process may not do, as it stands after "may not"; empty when it may do all
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
export function missingRights(status: string): readonly string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return [...needed].filter(([bit]) => ((effective >> BigInt(bit)) & 1n) === 0n).map(([, what]) => what)
}

/** Why this machine cannot be a real node for us; undefined when it can. */
export function whyNoRealNode(): string | undefined {
  if (!existsSync('/proc/self/status')) return 'this is not Linux'
  const missing = missingRights(readFileSync('/proc/self/status', 'utf8'))
  if (missing.length === 0) return undefined
  const who = process.getuid?.() === 0 ? 'root here' : 'whoever is not root'
  return `${who} may not ${missing.join(', nor ')}`
}
