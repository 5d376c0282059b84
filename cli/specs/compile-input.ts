import type { CompileInput } from '../../compiler/compile-types.ts'
import type { SpecState } from '../../publisher/spec-repository.ts'
import { readChart } from '../house/assets.ts'
import { kubernetesSchemas } from '../house/kubernetes-schemas.ts'
import type { Settings } from '../house/settings.ts'
import { filesRead } from '../../publisher/source.ts'
import { judgeFor } from './judging.ts'
import { findSecrets } from './secrets.ts'

/** All that a compilation of specs depends on but what is deployed: with them what it takes to judge them, and the secrets that stand in them. */
export async function compileInput(
  { deployUrl, deployBranch, kubernetesVersion }: SettingsOfCompiling,
  { files, source, settingsSource }: Pick<SpecState, 'files' | 'source' | 'settingsSource'>,
): Promise<Omit<CompileInput, 'deployed'>> {
  const chart = readChart()
  // What specyard.yaml patches is published like the specs.
  const read = filesRead({ files, settingsSource })
  const [judge, secrets] = await Promise.all([judgeFor(files), findSecrets(read)])
  return {
    ...{ sources: files, source, chart, judge, secrets },
    deploy: { url: deployUrl, branch: deployBranch },
    settings: settingsSource,
    kubernetes: kubernetesSchemas,
    kubernetesVersion,
  }
}

export type SettingsOfCompiling = Pick<Settings, 'deployUrl' | 'deployBranch' | 'kubernetesVersion'>
