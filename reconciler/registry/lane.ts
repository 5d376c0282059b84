import type { EndpointLedger } from '../../domain/ledger.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { environmentNames } from '../../domain/lifecycle.ts'
import { keyText } from '../../domain/names.ts'
import { isFault } from '../../domain/fault.ts'
import type { ReconcilerPorts } from '../ports.ts'
import { createRounds, type Rounds } from '../rounds.ts'
import { type RegisteredModel, registryTags } from '../sources/registry.ts'
import { nothingShown, showInRegistry } from './showing.ts'

const usualMilliseconds = 60_000

/**
 * Keeps a registry and the ledger together, beside the passes: shows there what the ledger has, and hears of aliases that people move. An alias
 * that has the name of an environment is a wish about what that environment serves: it becomes a proposal, and nothing else. What is pinned stays
 * as it is until that is merged.
 */
export function createRegistryLane(ports: ReconcilerPorts, everyMilliseconds = usualMilliseconds): Rounds<LedgerView> {
  const proposed = new Set<string>()
  const shown = nothingShown()
  let trouble = ''

  const round = async (ledger: LedgerView, signal: AbortSignal): Promise<void> => {
    const { registry, propose } = ports
    if (!registry) return
    await showInRegistry(ports, registry, ledger, shown, signal)
    if (!propose) return
    for (const project of new Set(ledger.endpoints.map((one) => one.project))) {
      const registered = await registry.model(project, signal)
      for (const wish of registered ? wishesOf(ledger, project, registered) : []) {
        const key = `${keyText(wish.entry)} ${wish.model}@${wish.version}`
        if (proposed.has(key)) continue
        const { entry, alias, model, version } = wish
        const what = await propose(
          entry,
          { model, version },
          `The alias ${alias} of ${project} was moved to it in ${registry.address}.`,
        )
        proposed.add(key)
        ports.log({ level: 'info', message: `${key}: asked for by the alias ${alias} in ${registry.address}: ${what}` })
      }
    }
    trouble = ''
  }

  return createRounds({
    everyMilliseconds,
    round,
    failed: (error) => {
      const message = error instanceof Error ? error.message : String(error)
      // Told once: a registry may be away for hours.
      const level = message === trouble || !isFault(error) ? 'debug' : 'warn'
      trouble = message
      ports.log({ level, message: `the model registry is left alone for now: ${message}` })
    },
  })
}

interface Wish {
  readonly entry: EndpointLedger
  readonly alias: string
  readonly model: string
  readonly version: number
}

/** What aliases ask for that is neither served, rolled out, nor kept back. A version counts by its digest. */
function wishesOf(ledger: LedgerView, project: string, { aliases, versions }: RegisteredModel): readonly Wish[] {
  return Object.entries(aliases).flatMap(([alias, number]) => {
    const tags = versions.find((one) => one.version === number)?.tags
    const model = tags?.[registryTags.model]
    const known = ledger.models
      .find((one) => one.project === project && one.model === model)
      ?.versions.find((one) => one.digest === tags?.[registryTags.digest])
    if (model === undefined || !known) return []
    return ledger.endpoints.flatMap((entry) => {
      const isMeant = entry.project === project && entry.plan.model.ref === model
      const there = [entry.pin, entry.rollout?.candidate.pin, entry.wanted?.pin].some(
        (one) => one?.digest === known.digest,
      )
      if (!isMeant || there || !environmentNames(alias).includes(entry.environment)) return []
      return [{ entry, alias, model, version: known.version }]
    })
  })
}
