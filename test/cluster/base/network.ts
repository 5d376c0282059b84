import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, run } from './command.ts'

/*
 * A bridge on this machine that only the bed's pods are on: pods reach the host by its address and nothing else (no masquerading, no way out).
 * Several beds can stand side by side: each takes the first number whose bridge and addresses nobody has.
 */

export interface Network {
  readonly bridge: string
  /** The host's address on the bridge: node, kubelet and what pods should reach listen there. */
  readonly host: string
  /** CIDR of pods' addresses. */
  readonly pods: string
  /** CIDR of Services. */
  readonly services: string
  /** First address of `services`: the API server as pods know it. It is put on the bridge, for there is no kube-proxy. */
  readonly apiServer: string
}

const prefix = 'specyard'
/** Beds at the same time on one machine. */
const numbersMax = 40

/** @throws Error without the right to change the network, or when every number is taken */
export async function createNetwork(bed: string): Promise<Network> {
  const ip = findProgram('ip')
  if (ip === undefined)
    throw new Error('the program `ip` is not installed; on Debian and Ubuntu: apt-get install iproute2')
  const taken = await run(ip, ['-4', 'route', 'show', 'table', 'all'])
  for (let number = 0; number < numbersMax; number += 1) {
    const network = networkOf(number)
    const isFree = [network.pods, network.services].every(
      (cidr) => !taken.includes(cidr.replace(/\.0\.0\/16|\.0\/24/, '.')),
    )
    const add = ['link', 'add', network.bridge, 'address', hardwareAddress(bed), 'type', 'bridge']
    // Adding the bridge is what decides between two beds that start at the same moment.
    if (!isFree || !(await succeeds(ip, add))) continue
    await run(ip, ['addr', 'add', `${network.host}/16`, 'dev', network.bridge])
    await run(ip, ['addr', 'add', `${network.apiServer}/32`, 'dev', network.bridge])
    await run(ip, ['link', 'set', network.bridge, 'up'])
    return network
  }
  throw new Error(
    `no bridge could be made: are we root, and is one of 10.88.0.0/16 to 10.${88 + numbersMax - 1}.0.0/16 free?`,
  )
}

export async function removeNetwork(bed: string): Promise<void> {
  for (const bridge of bridgesOf(bed)) await run(findProgram('ip') ?? 'ip', ['link', 'delete', bridge])
}

/** Found by what only this bed's bridge has: whoever was killed while it was made has written nothing down. */
export function bridgesOf(bed: string): readonly string[] {
  const place = '/sys/class/net'
  if (!existsSync(place)) return []
  const ours = readdirSync(place).filter((name) => name.startsWith(prefix))
  return ours.filter((name) => readFileSync(join(place, name, 'address'), 'utf8').trim() === hardwareAddress(bed))
}

/** Locally administered, and different for every bed. */
function hardwareAddress(bed: string): string {
  const bytes = createHash('sha256').update(bed).digest().subarray(0, 5)
  return ['02', ...[...bytes].map((byte) => byte.toString(16).padStart(2, '0'))].join(':')
}

/** Service addresses of a bed without bridge. */
export const servicesWithoutBridge = '10.188.0.0/24'

function networkOf(number: number): Network {
  const pods = `10.${88 + number}`
  const services = `10.${188 + number}.0`
  return {
    bridge: `${prefix}${number}`,
    host: `${pods}.0.1`,
    pods: `${pods}.0.0/16`,
    services: `${services}.0/24`,
    apiServer: `${services}.1`,
  }
}

async function succeeds(command: string, words: readonly string[]): Promise<boolean> {
  return run(command, words).then(
    () => true,
    () => false,
  )
}
