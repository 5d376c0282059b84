import { Fault, type FaultCode, faultCodes } from '../../domain/fault.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { type EndpointKey, keyText } from '../../domain/names.ts'
import type { Operation, RolloutStep } from '../../domain/operation.ts'
import { rolloutState } from '../../domain/rollout.ts'
import { type RolloutView, rolloutView } from '../../domain/rollout-view.ts'
import { askRunning, type Answer, type Ask } from '../house/client.ts'
import { gitEnvironment } from '../house/environment.ts'
import { publishOperations } from '../house/operations.ts'
import { openDeploy } from '../house/repositories.ts'
import type { Settings } from '../house/settings.ts'
import type { World } from '../world.ts'

/** What a person asks of an endpoint's releases. */
export type Asked = { readonly step: RolloutStep; readonly weight: number | null } | { readonly step: 'rollback' }

export interface Moved {
  /** Of the deploy repository; null where nothing was left to change. */
  readonly commit: string | null
  readonly rollout: RolloutView
}

/** The releases of endpoints, wherever they can be asked for. */
export interface Rollouts {
  list(): Promise<readonly RolloutView[]>
  /** @throws Fault OPERATION_DROPPED, ENDPOINT_NOT_FOUND, and as the publisher does */
  move(key: EndpointKey, asked: Asked): Promise<Moved>
}

/**
 * Through the process that runs here, which sees the cluster; where none does, straight from and to the deploy repository: no database is needed
 * to move a rollout.
 */
export async function openRollouts(settings: Settings, world: World): Promise<Rollouts> {
  const ask = await askRunning(settings)
  return ask ? overApi(ask) : overRepository(settings, world)
}

function overApi(ask: Ask): Rollouts {
  return {
    list: async () => (bodyOf(await ask('GET', '/v1/rollouts?all=true')) as { items: readonly RolloutView[] }).items,
    move: async ({ environment, project, name }, asked) => {
      const path = `/v1/endpoints/${environment}/${project}/${name}`
      const answer =
        asked.step === 'rollback'
          ? await ask('POST', `${path}/rollback`, {})
          : await ask('POST', `${path}/rollout`, {
              step: asked.step,
              ...(asked.weight === null ? {} : { weight: asked.weight }),
            })
      return bodyOf(answer) as Moved
    },
  }
}

async function overRepository(settings: Settings, world: World): Promise<Rollouts> {
  const deploy = await openDeploy(settings, gitEnvironment(world.environment), world.now)
  const entries = async () => readLedger((await deploy.read()).files).endpoints
  const address = { url: settings.deployUrl, branch: settings.deployBranch }
  const entryOf = async (key: EndpointKey) => {
    const found = (await entries()).find((entry) => keyText(entry) === keyText(key))
    if (!found) throw new Fault('ENDPOINT_NOT_FOUND', `there is no endpoint ${keyText(key)}`, { retry: 'never' })
    return found
  }
  return {
    list: async () => (await entries()).map((entry) => rolloutView(entry, null)),
    move: async (key, asked) => {
      const expect = rolloutState(await entryOf(key))
      const operation: Operation =
        asked.step === 'rollback' ? { kind: 'rollback', key, expect } : { kind: 'rollout', key, ...asked, expect }
      const [result] = await publishOperations(deploy, [operation], address)
      if (!result?.applied) throw new Fault('OPERATION_DROPPED', result?.why ?? 'nothing was done', { retry: 'never' })
      return { commit: result.commit ?? null, rollout: rolloutView(await entryOf(key), null) }
    },
  }
}

/** The answer's body, or what it says went wrong as a fault. */
function bodyOf({ status, body }: Answer): unknown {
  if (status < 400) return body
  const { code, message, hint } = (body as { error?: { code?: string; message?: string; hint?: string } }).error ?? {}
  const known = faultCodes.find((one): one is FaultCode => one === code)
  throw new Fault(known ?? 'API_UNREACHABLE', message ?? `the API answered ${status}`, {
    retry: 'never',
    ...(hint === undefined ? {} : { hint }),
  })
}
