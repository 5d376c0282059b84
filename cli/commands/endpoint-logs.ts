import { type Ask, expectOk } from '../house/client.ts'
import { printable } from '../terminal/printable.ts'
import type { World } from '../world.ts'

interface EndpointName {
  readonly environment: string
  readonly project: string
  readonly name: string
}

interface PodLogs {
  readonly source: 'cluster' | 'none'
  readonly pods: readonly {
    readonly pod: string
    readonly track: string
    readonly lines: readonly string[]
    readonly trouble: string | null
  }[]
}

/** The endpoints that a name stands for: environment/project/name, or a name that several environments may have. */
export async function findEndpoints(ask: Ask, text: string): Promise<readonly EndpointName[]> {
  const { items } = expectOk(await ask('GET', '/v1/endpoints')) as { items: readonly EndpointName[] }
  return items.filter(({ environment, project, name }) =>
    [name, `${project}/${name}`, `${environment}/${project}/${name}`].includes(text),
  )
}

/** Prints what each pod of an endpoint said last, the oldest pod first, so that what is newest stands last. */
export async function printEndpointLogs(
  world: World,
  ask: Ask,
  { environment, project, name }: EndpointName,
  tail: number,
): Promise<void> {
  const { source, pods } = expectOk(
    await ask('GET', `/v1/endpoints/${environment}/${project}/${name}/logs?tail=${tail}`),
  ) as PodLogs
  const called = `${environment}/${project}/${name}`
  if (pods.length === 0)
    world.stderr.write(
      source === 'none'
        ? `${called}: nobody here is connected to its cluster: ask where specyard up or the reconciler runs, or use kubectl logs\n`
        : `${called}: it has no pods now\n`,
    )
  for (const { pod, track, lines, trouble } of [...pods].reverse()) {
    world.stdout.write(`==> ${printable(pod)} (${called}, ${track})\n`)
    for (const line of lines) world.stdout.write(`${line}\n`)
    if (trouble !== null) world.stderr.write(`${printable(pod)}: its log cannot be read: ${printable(trouble)}\n`)
  }
}
