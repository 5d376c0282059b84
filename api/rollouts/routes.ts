import { z } from 'zod'
import { keyText } from '../../domain/names.ts'
import { type Operation, rolloutSteps } from '../../domain/operation.ts'
import { rolloutState } from '../../domain/rollout.ts'
import { isUnderWay, rolloutView } from '../../domain/rollout-view.ts'
import { type App, refusals } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts, LedgerEndpoint } from '../ports.ts'
import { rolloutAnswer } from './answers.ts'

type Ports = Pick<ApiPorts, 'endpoints' | 'operate'>

const tags = ['serving']
const name = z.string().max(100)
const params = z.object({ environment: name, project: name, name })
const moved = z.object({ commit: z.string().nullable(), rollout: rolloutAnswer })

/** What stands beside what endpoints serve, and the steps by which a person moves it. */
export function rolloutRoutes(app: App, ports: Ports): void {
  readRoutes(app, ports)
  app.post(
    '/v1/endpoints/:environment/:project/:name/rollout',
    {
      schema: {
        ...{ tags, summary: 'Move a rollout by one step', params },
        description: 'Each step is one commit of the deploy repository. `resume` ends a pause and lifts a hold.',
        body: z
          .strictObject({
            step: z.enum(rolloutSteps),
            weight: z.int().min(0).max(100).optional().describe('per cent of the requests that the candidate gets'),
          })
          .refine(({ step, weight }) => (step === 'set') === (weight !== undefined), 'weight goes with step set'),
        response: { 200: moved, ...refusals },
      },
    },
    async ({ params: key, body: { step, weight } }) =>
      move(ports, key, (entry) => ({
        ...{ kind: 'rollout', key, step, weight: weight ?? null, expect: rolloutState(entry) },
      })),
  )
  app.post(
    '/v1/endpoints/:environment/:project/:name/rollback',
    {
      schema: {
        ...{ tags, summary: 'Go back to the newest release that worked, and hold it there', params },
        body: z.strictObject({}).nullish(),
        response: { 200: moved, ...refusals },
      },
    },
    async ({ params: key }) => move(ports, key, (entry) => ({ kind: 'rollback', key, expect: rolloutState(entry) })),
  )
}

function readRoutes(app: App, ports: Ports): void {
  app.get(
    '/v1/rollouts',
    {
      schema: {
        ...{ tags, summary: 'List endpoints with a rollout under way or a hold' },
        querystring: z.strictObject({ all: z.enum(['true', 'false']).default('false').describe('those without, too') }),
        response: { 200: z.object({ items: z.array(rolloutAnswer) }), ...refusals },
      },
    },
    async ({ query: { all } }) => {
      const views = (await ports.endpoints()).map(({ entry, seen }) => rolloutView(entry, seen))
      return { items: views.filter((one) => all === 'true' || isUnderWay(one)).map(answered) }
    },
  )
  app.get(
    '/v1/endpoints/:environment/:project/:name/rollout',
    {
      schema: {
        ...{ tags, summary: 'Read what an endpoint serves and what stands beside it', params },
        response: { 200: rolloutAnswer, ...refusals },
      },
    },
    async ({ params: key }) => viewOf(await find(ports, key)),
  )
}

async function move(
  ports: Ports,
  key: z.output<typeof params>,
  operation: (entry: LedgerEndpoint['entry']) => Operation,
): Promise<z.output<typeof moved>> {
  const { entry } = await find(ports, key)
  const [result] = await ports.operate([operation(entry)])
  if (!result?.applied) throw new ApiError('OPERATION_DROPPED', result?.why ?? 'nothing was done')
  return { commit: result.commit ?? null, rollout: viewOf(await find(ports, key)) }
}

async function find(ports: Ports, key: z.output<typeof params>): Promise<LedgerEndpoint> {
  const found = (await ports.endpoints()).find(({ entry }) => keyText(entry) === keyText(key))
  if (!found)
    throw new ApiError('ENDPOINT_NOT_FOUND', `there is no endpoint ${keyText(key)}`, {
      hint: 'GET /v1/endpoints lists the endpoints',
    })
  return found
}

function viewOf({ entry, seen }: LedgerEndpoint): z.output<typeof rolloutAnswer> {
  return answered(rolloutView(entry, seen))
}

function answered(view: ReturnType<typeof rolloutView>): z.output<typeof rolloutAnswer> {
  return { ...view, past: [...view.past] }
}
