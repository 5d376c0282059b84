import { expectOk, withApi } from '../house/client.ts'
import { type ProposalRow, proposalLine, told } from '../house/told.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import type { RolloutView } from '../../domain/rollout-view.ts'
import { rolloutPicture } from '../rollouts/picture.ts'
import { paintFor } from '../terminal/paint.ts'
import { age, table } from '../terminal/table.ts'

interface Listed {
  readonly items: readonly Readonly<Record<string, unknown>>[]
}

/** What runs, serves and waits, as three tables or one JSON document. */
export async function runStatus(
  world: World,
  directory: string,
  options: { output: 'human' | 'json' },
): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const [jobs, endpoints, models, rollouts, proposals, watched] = await withApi(
    settings,
    world,
    async (ask, observed) => {
      const list = async (path: string): Promise<Listed> => expectOk(await ask('GET', path)) as Listed
      return [
        await list('/v1/jobs?limit=500'),
        await list('/v1/endpoints'),
        await list('/v1/models'),
        await told<RolloutView>(ask, world, 'rollouts'),
        await told<ProposalRow>(ask, world, 'proposals'),
        observed,
      ] as const
    },
  )
  if (options.output === 'json') {
    world.stdout.write(
      `${JSON.stringify({ observed: watched, jobs: jobs.items, endpoints: endpoints.items, models: models.items, rollouts, proposals }, null, 2)}\n`,
    )
    return exitCodes.fine
  }
  if (!watched) {
    world.stderr.write('note: nobody watches this cluster now; this is how it was last seen. specyard up watches it.\n')
  }
  for (const one of proposals) world.stdout.write(proposalLine(one))
  const now = world.now()
  const text = (value: unknown): string => (value === null || value === undefined || value === '' ? '-' : String(value))
  const name = (one: Readonly<Record<string, unknown>>): string =>
    `${text(one['environment'])}/${text(one['project'])}/${text(one['name'])}`
  world.stdout.write(
    table(
      ['RUN', 'STATE', 'ATTEMPT', 'REASON', 'AGE', 'ID'],
      jobs.items.map((one) => [
        name(one),
        text(one['state']),
        text(one['attempt']),
        text(one['reason']),
        age(one['created_at'] as string, now),
        text(one['id']),
      ]),
    ),
  )
  for (const one of jobs.items) {
    const { hanging = [] } = one as {
      readonly hanging?: readonly { readonly since: string; readonly message: string }[]
    }
    for (const { since, message } of hanging)
      world.stdout.write(`note: ${name(one)}, for ${age(since, now)}: ${message}\n`)
  }
  world.stdout.write('\n')
  world.stdout.write(
    table(
      ['ENDPOINT', 'STATUS', 'MODEL', 'URL'],
      endpoints.items.map((one) => [
        name(one),
        text(one['status']),
        one['model_version'] ? `${text(one['model'])}@${text(one['model_version'])}` : text(one['model']),
        text(one['url'] ?? one['message']),
      ]),
    ),
  )
  for (const one of rollouts)
    world.stdout.write(`\n${rolloutPicture(one, paintFor(world.stdout, world.environment) !== undefined).trimEnd()}\n`)
  world.stdout.write('\n')
  world.stdout.write(
    table(
      ['MODEL', 'VERSION', 'STAGE', 'DIGEST'],
      models.items.map((one) => [
        `${text(one['project'])}/${text(one['model'])}`,
        text(one['version']),
        text(one['stage']),
        text(one['digest']).slice(0, 19),
      ]),
    ),
  )
  return exitCodes.fine
}
