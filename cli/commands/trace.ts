import { expectOk, withApi } from '../client.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../settings.ts'

/** Prints the chain that an identifier belongs to, from the line of a spec to the endpoint. */
export async function runTrace(
  world: World,
  directory: string,
  text: string,
  options: { output: 'human' | 'json' },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const found = await withApi(settings, world, async (ask) =>
    expectOk(await ask('GET', `/v1/trace?q=${encodeURIComponent(text)}`)),
  )
  world.stdout.write(options.output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : describe(found, 0))
  return exitCodes.fine
}

/** An answer as an indented outline: one line for each fact, empty ones left out. */
function describe(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth)
  if (Array.isArray(value))
    return value
      .map((one) => (isTree(one) ? `${indent}-\n${describe(one, depth + 1)}` : `${indent}- ${String(one)}\n`))
      .join('')
  if (!isTree(value)) return `${indent}${String(value)}\n`
  return Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== '' && !(isTree(inner) && Object.keys(inner).length === 0))
    .map(([key, inner]) =>
      isTree(inner) ? `${indent}${key}:\n${describe(inner, depth + 1)}` : `${indent}${key}: ${String(inner)}\n`,
    )
    .join('')
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
