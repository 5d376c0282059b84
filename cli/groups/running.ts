import { duration, integer } from '../arguments.ts'
import { type AddCommand, folder, outputOption } from '../command.ts'
import type { UpFlags } from '../world.ts'

// The commands that run specs on this machine, and say what runs.

export const addUp: AddCommand = (program, world) => {
  program
    .command('up')
    .description('compile and publish the specs, run them on this machine, and watch them')
    .option('--until-settled', 'end when everything that a connected cluster serves has settled')
    .option('--fresh', 'forget everything under .specyard/ first')
    .option('--port <number>', 'port of the API on 127.0.0.1; 0 takes a free one', integer)
    .option('--timeout <duration>', 'how long --until-settled waits', duration, 15 * 60_000)
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\nExamples:\n  specyard up\n  specyard up --until-settled --output json --timeout 5m\n  specyard up --fresh --port 9000',
    )
    .action(async (options: UpFlags) => {
      const { runUp } = await import('../commands/up.ts')
      world.exit(await runUp(world, folder(program, world), options))
    })
}

export const addStatus: AddCommand = (program, world) => {
  program
    .command('status')
    .description('what runs, serves and waits')
    .addOption(outputOption(['human', 'json']))
    .addHelpText('after', '\nExamples:\n  specyard status\n  specyard status --output json')
    .action(async (options: { output: 'human' | 'json' }) => {
      const { runStatus } = await import('../commands/status.ts')
      world.exit(await runStatus(world, folder(program, world), options))
    })
}

export const addLogs: AddCommand = (program, world) => {
  program
    .command('logs <run-or-endpoint>')
    .description('the log of a run, by its name, id or Job name; or of each pod of an endpoint')
    .option('--attempt <number>', 'the attempt; the newest unless told', integer)
    .option('--tail <lines>', 'how many of the last lines', integer, 200)
    .option('--endpoint', 'the endpoint of that name, where a run has it too')
    .addHelpText(
      'after',
      '\nExamples:\n  specyard logs handbook-lm\n  specyard logs handbook-retry --attempt 1 --tail 20\n  specyard logs prod/language/handbook --endpoint',
    )
    .action(async (run: string, options: { attempt?: number; tail: number; endpoint?: boolean }) => {
      const { runLogs } = await import('../commands/logs.ts')
      world.exit(await runLogs(world, folder(program, world), run, options))
    })
}

export const addTrace: AddCommand = (program, world) => {
  program
    .command('trace <anything>')
    .description('the chain that something belongs to, from the line of a spec to the endpoint and back')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\n<anything> is a run, Job, pod, commit, spec file, model version (model@1), digest or endpoint.\n\nExamples:\n  specyard trace handbook-lm\n  specyard trace handbook-lm@1\n  specyard trace specs/handbook/training.yaml',
    )
    .action(async (text: string, options: { output: 'human' | 'json' }) => {
      const { runTrace } = await import('../commands/trace.ts')
      world.exit(await runTrace(world, folder(program, world), text, options))
    })
}

export const addRequests: AddCommand = (program, world) => {
  for (const [verb, description] of [
    ['cancel', 'cancel a run: one commit takes its manifest away'],
    ['retry', 'skip the backoff of a waiting run, or run an ended one again by raising spec.rerun'],
  ] as const) {
    program
      .command(`${verb} <run>`)
      .description(description)
      .addHelpText('after', `\nExamples:\n  specyard ${verb} handbook-lm`)
      .action(async (run: string) => {
        const { runRequest } = await import('../commands/request.ts')
        world.exit(await runRequest(world, folder(program, world), verb, run))
      })
  }
}
