import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { callbackRoutes } from './callbacks/routes.ts'
import { catalogRoutes } from './catalog/routes.ts'
import { serverLogRoutes } from './catalog/server-logs.ts'
import { ApiError, answerError } from './errors.ts'
import { healthRoutes, unguardedPaths } from './health.ts'
import { hookRoutes } from './hooks.ts'
import { proposalRoutes } from './rollouts/proposals.ts'
import { rolloutRoutes } from './rollouts/routes.ts'
import { jobLogRoutes } from './jobs/log-routes.ts'
import { jobRequestRoutes } from './jobs/request-routes.ts'
import { jobRoutes } from './jobs/routes.ts'
import { deploymentRoutes } from './lifecycle/deployments.ts'
import { experimentRoutes } from './lifecycle/experiments.ts'
import { modelRoutes } from './lifecycle/models.ts'
import { modelRequestRoutes } from './models/routes.ts'
import type { ApiPorts } from './ports.ts'
import { streamRoutes } from './stream.ts'

const bodyBytesMost = 1024 * 1024

/** Our name instead of the library's at the head of `/docs`. */
const logo = {
  type: 'image/svg+xml',
  content: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="150" height="40"><text x="0" y="28" font-family="sans-serif" font-size="26" font-weight="bold" fill="#ffffff">Specyard</text></svg>',
  ),
}

/**
 * The API as an app that listens nowhere yet (`listen`). Bodies, queries, answers and the OpenAPI document come from the same definitions.
 * It trusts whoever reaches it from an allowed host; trainers prove themselves with a token.
 */
export async function createApi(ports: ApiPorts): Promise<FastifyInstance> {
  const app = createApp(ports)
  app.addHook('onRequest', refuseForeign(ports.allowedHosts))
  await app.register(swagger, { openapi: openApi(ports.version), transform: jsonSchemaTransform })
  await app.register(swaggerUi, { routePrefix: '/docs', theme: { title: 'Specyard API' }, logo })
  await app.register(async (scope) => {
    const routes = scope.withTypeProvider<ZodTypeProvider>()
    callbackRoutes(routes, ports)
    jobRoutes(routes, ports)
    jobLogRoutes(routes, ports)
    jobRequestRoutes(routes, ports)
    catalogRoutes(routes, ports)
    serverLogRoutes(routes, ports)
    rolloutRoutes(routes, ports)
    proposalRoutes(routes, ports)
    deploymentRoutes(routes, ports)
    experimentRoutes(routes, ports)
    modelRoutes(routes, ports)
    modelRequestRoutes(routes, ports)
    streamRoutes(routes, ports)
    healthRoutes(routes, ports)
    await hookRoutes(scope, ports)
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  return app
}

/**
 * What trainers and forges need of the API and nothing else: the only part that may be reached from other machines, since each request proves
 * itself with a token or a secret and none is taken on trust. No page of a browser can hold such a token, so it is asked under whatever name it has there.
 */
export async function createCallbackApi(ports: ApiPorts): Promise<FastifyInstance> {
  const app = createApp(ports)
  await app.register(async (scope) => {
    const routes = scope.withTypeProvider<ZodTypeProvider>()
    callbackRoutes(routes, ports)
    healthRoutes(routes, ports)
    await hookRoutes(scope, ports)
  })
  return app
}

function createApp(ports: ApiPorts): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyBytesMost,
    logger: false,
    // What is wrong before a route is found, e.g. a path that cannot be decoded.
    frameworkErrors: (error, request, reply) => void answerError(ports)(error, request, reply),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerError(ports))
  app.setNotFoundHandler((request) => {
    throw new ApiError('ROUTE_UNKNOWN', `there is no ${request.method} ${request.url.split('?')[0]}`.slice(0, 300), {
      hint: 'GET /docs shows what there is',
    })
  })
  acceptEmptyJson(app)
  return app
}

function openApi(version: string) {
  return {
    openapi: '3.1.0',
    info: { title: 'Specyard', description: 'Trainings and endpoints, as they are recorded.', version },
    tags: [
      { name: 'trainers', description: 'What a training says of itself. Needs its callback token.' },
      { name: 'jobs', description: 'Runs: hand in, look at, cancel, try again.' },
      { name: 'serving', description: 'Endpoints and model versions.' },
      { name: 'lifecycle', description: 'Deployments, experiments and models as an ML platform has them.' },
      { name: 'records', description: 'Where things come from and where they went.' },
      { name: 'health', description: 'For probes.' },
    ],
    components: {
      securitySchemes: { callbackToken: { type: 'http' as const, scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

/** An empty body is no body, also where the client says it is JSON. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, body as string, done)
  })
}

/**
 * A page of another site that a browser has open beside us can send requests here: with its own Origin, or, by making its name resolve to
 * this machine, with its own Host. Both are refused. Probes ask by address and learn nothing but that we live.
 */
function refuseForeign(allowedHosts: readonly string[]) {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()))
  return async (request: FastifyRequest): Promise<void> => {
    const { host, origin } = request.headers
    if (unguardedPaths.includes(request.url.split('?')[0] ?? '')) return
    if (host === undefined || !allowed.has(host.toLowerCase()))
      throw new ApiError('HOST_FOREIGN', 'this API is not reached under this host name', {
        hint: `ask ${allowedHosts[0] ?? 'one of its own names'}`,
      })
    if (origin !== undefined && !isOwn(origin, allowed))
      throw new ApiError('ORIGIN_FOREIGN', 'pages of other sites may not use this API')
  }
}

function isOwn(origin: string, allowed: ReadonlySet<string>): boolean {
  return /^https?:\/\//i.test(origin) && allowed.has(origin.replace(/^https?:\/\//i, '').toLowerCase())
}
