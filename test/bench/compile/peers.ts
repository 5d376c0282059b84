import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { peerRecipes } from '../../cluster/build/recipes.ts'
import { builtTools, type Say } from '../../cluster/build/tools.ts'

/*
 * What the compiler is measured beside: Helm as a program and as a library, kubeconform. All built from their Go modules.
 */

export interface Peers {
  readonly helm: string
  /** Renders a chart with many values in one process. */
  readonly helmLibrary: string
  readonly kubeconform: string
}

/** @returns null where there is no Go to build them with; why is said */
export async function buildPeers(say: Say): Promise<Peers | null> {
  try {
    const bin = join(await builtTools(peerRecipes.compiling, say), 'bin')
    return { helm: join(bin, 'helm'), helmLibrary: join(bin, 'helm-library'), kubeconform: join(bin, 'kubeconform') }
  } catch (error) {
    say(`without Helm and kubeconform: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

/** @returns seconds that Helm's library took to read each of these values and to render a chart with them, in one process */
export function renderByLibrary({ helmLibrary }: Peers, chart: string, values: readonly string[]): number {
  const said = execFileSync(helmLibrary, [chart, '1', ...values], { encoding: 'utf8' })
  const [seconds] = JSON.parse(said) as readonly number[]
  if (seconds === undefined) throw new Error(`helm-library tells no time: ${said}`)
  return seconds
}

/** @returns seconds that `helm template` took, a fork for each of these values */
export function renderByForks(helm: string, chart: string, values: readonly string[]): number {
  const began = performance.now()
  const version = ['--kube-version', '1.34.0']
  for (const file of values)
    execFileSync(helm, ['template', 'bench', chart, ...version, '--values', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  return (performance.now() - began) / 1000
}
