import type { EndpointLedger } from '../../domain/ledger.ts'
import { keyText } from '../../domain/names.ts'
import type { Opened } from '../house/open.ts'
import { proposeVersion } from './promote.ts'

/**
 * Proposes what somebody asked for elsewhere. A working tree is a person's: nobody writes there unasked, and what to do is told instead.
 * @returns what became of it, for people
 */
export async function proposeWish(
  opened: Pick<Opened, 'settings' | 'deploy' | 'specs'>,
  entry: EndpointLedger,
  version: { readonly model: string; readonly version: number },
  why: string,
): Promise<string> {
  const overlay = `spec.environments.${entry.environment}.model.version: ${version.version}`
  if (!opened.settings.specs) return `write ${overlay} into ${entry.plan.source.path} for it`
  const done = await proposeVersion(opened, entry, entry.plan.source.path, version, { body: why })
  switch (done.kind) {
    case 'proposed':
      return done.pullRequest ?? `on the branch ${done.branch}, to be merged`
    case 'problems':
      return `the specs would have ${done.problems.length} problems: ${done.problems[0]?.message ?? ''} (${keyText(entry)})`
    default:
      return done.message
  }
}
