import { type Command, Option } from 'commander'
import { type KubernetesVersion, kubernetesVersions } from '../compiler/manifest/schemas.ts'
import { UsageError, type World } from './world.ts'

/** How a command prints its result. */
export const outputOption = (choices: readonly string[]): Option =>
  new Option('-o, --output <format>', 'how to print the result').choices([...choices]).default('human')

/** Adds one command to the command line. */
export type AddCommand = (program: Command, world: World) => void

/** The folder that a command works in. */
export const folder = (program: Command, world: World): string => {
  const { directory } = program.opts<{ directory?: string }>()
  return directory ?? world.directory
}

/** `--kube-version`: by the rules of which Kubernetes manifests are checked, in the stead of what Environments say. */
export const kubeVersionOption = (): Option =>
  new Option(
    '--kube-version <version>',
    `check manifests as this Kubernetes does: ${kubernetesVersions.join(', ')}`,
  ).argParser((text: string): KubernetesVersion => {
    const minor = /^v?(\d+\.\d+)(?:\.\d+)?$/.exec(text)?.[1]
    const known = kubernetesVersions.find((one) => one === minor)
    if (known) return known
    throw new UsageError(
      `error: the rules of Kubernetes "${text}" are not here; use one of: ${kubernetesVersions.join(', ')}`,
    )
  })
