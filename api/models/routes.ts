import { z } from 'zod'
import { type App, refusals } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import type { Proposing } from './ports.ts'

const tags = ['serving']
const name = z.string().min(1).max(100)
const run = z.string().min(1).max(200).describe('a run by name or id, or a run of the tracker by its id')
const specText = z
  .string()
  .max(512 * 1024)
  .nullable()
  .default(null)
const textOrNull = z.string().nullable()

const registered = z.object({
  ...{ project: z.string(), model: z.string(), version: z.number(), digest: z.string(), commit: textOrNull },
  registry: z.object({ name: z.string(), version: z.string(), url: z.string() }).nullable(),
})
const proposed = z.object({
  ...{ kind: z.enum(['proposed', 'unchanged']), message: z.string(), path: textOrNull },
  ...{ commit: textOrNull, branch: textOrNull, pull_request: textOrNull },
})

/** What is done with models: each is a commit, or the proposal of one. */
export function modelRequestRoutes(app: App, { models }: Pick<ApiPorts, 'models'>): void {
  app.post(
    '/v1/models/register',
    {
      schema: {
        ...{ tags, summary: 'Make a model version of a run' },
        description: 'The same run again is the same version. It is shown in the registry too, where one is connected.',
        body: z.strictObject({ run, project: name.nullable().default(null), model: name.nullable().default(null) }),
        response: { 200: registered, ...refusals },
      },
    },
    async ({ body }) => {
      const { run: wanted, project, model } = body
      const done = await models.register(wanted, { project, model })
      return 'kind' in done ? refuse(done) : done
    },
  )
  app.post(
    '/v1/models/attach',
    {
      schema: {
        ...{
          tags,
          summary: 'Log a Serving Model Spec and a Serving Endpoint Spec as artifacts of a run of the tracker',
        },
        body: z.strictObject({ run, model_spec: specText, endpoint_spec: specText }),
        response: { 200: z.object({ artifacts: z.array(z.string()), url: z.string() }), ...refusals },
      },
    },
    async ({ body }) => {
      const done = await models.attach(body.run, { model: body.model_spec, endpoint: body.endpoint_spec })
      return 'kind' in done ? refuse(done) : { artifacts: [...done.artifacts], url: done.url }
    },
  )
  app.post(
    '/v1/models/deploy',
    {
      schema: {
        ...{ tags, summary: 'Propose the Serving Endpoint Spec that the run of a model version left' },
        body: z.strictObject({ version: z.string().min(3).max(300).describe('model@1 or project/model@1') }),
        response: { 200: proposed, ...refusals },
      },
    },
    async ({ body }) => answered(await models.deploy(body.version)),
  )
  app.post(
    '/v1/endpoints/:environment/:project/:name/promote',
    {
      schema: {
        ...{ tags, summary: 'Propose that another environment serves what this one does' },
        ...{ params: z.object({ environment: name, project: name, name }), body: z.strictObject({ to: name }) },
        response: { 200: proposed, ...refusals },
      },
    },
    async ({ params, body }) => answered(await models.promote(params, body.to)),
  )
}

function answered(done: Proposing): z.output<typeof proposed> {
  const nowhere = { path: null, commit: null, branch: null, pull_request: null }
  switch (done.kind) {
    case 'proposed': {
      const { kind, path, commit, branch, pullRequest } = done
      return { kind, message: messageOf(done), path, commit, branch, pull_request: pullRequest }
    }
    case 'unchanged':
      return { kind: done.kind, message: done.message, ...nowhere }
    default:
      return refuse(done)
  }
}

function messageOf({ path, branch, pullRequest }: Extract<Proposing, { kind: 'proposed' }>): string {
  if (pullRequest !== null) return `${path}: merge ${pullRequest}`
  return branch === null
    ? `${path} is written: look at it, commit it, and publish it with specyard publish`
    : `${path} is on the branch ${branch}: merge it`
}

function refuse(done: Extract<Proposing, { kind: 'problems' | 'refused' }>): never {
  if (done.kind === 'refused') throw new ApiError('NOT_DEPLOYABLE', done.message, { hint: done.hint })
  throw new ApiError('SPEC_INVALID', `there are ${done.problems.length} problems`, {
    ...{ hint: 'each has its place', problems: done.problems },
  })
}
