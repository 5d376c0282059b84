import type { CompileInput } from '../../compiler/compile-types.ts'
import type { SpecState } from '../../publisher/spec-repository.ts'
import { readChart } from '../house/assets.ts'
import { kubernetesSchemas } from '../house/kubernetes-schemas.ts'
import type { Settings } from '../house/settings.ts'

/** All that a compilation of specs depends on but what is deployed. */
export async function compileInput(
  { deployUrl, deployBranch, kubernetesVersion }: SettingsOfCompiling,
  { files, source, settingsSource }: Pick<SpecState, 'files' | 'source' | 'settingsSource'>,
): Promise<Omit<CompileInput, 'deployed'>> {
  return {
    ...{ sources: files, source, chart: await readChart() },
    deploy: { url: deployUrl, branch: deployBranch },
    settings: settingsSource,
    kubernetes: kubernetesSchemas,
    kubernetesVersion,
  }
}

export type SettingsOfCompiling = Pick<Settings, 'deployUrl' | 'deployBranch' | 'kubernetesVersion'>
