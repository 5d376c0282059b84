import { Command, type CommanderError, Option } from 'commander'
import { packageVersion } from './house/assets.ts'
import type { ObserveFlags } from './commands/observe.ts'
import type { BootstrapFlags } from './commands/bootstrap.ts'
import type { CheckFlags } from './commands/check.ts'
import type { RebuildFlags } from './commands/rebuild.ts'
import type { ReconcileFlags } from './commands/reconcile.ts'
import type { ServeFlags } from './commands/serve.ts'
import { exitCodes } from './exit.ts'
import { type AddCommand, folder, outputOption } from './command.ts'
import { addDiff, addDrift, addExplain } from './questions.ts'
import { type UpFlags, UsageError, type World } from './world.ts'

/** The command line. Each command loads its own parts when it runs, so that none waits for what it does not use. */
export function createProgram(world: World): Command {
  const program = new Command('specyard')
    .description('Compiles training and serving specs into what Argo CD syncs, and records what then happens.')
    .version(packageVersion(), '--version', 'print the version')
    .option('-C, --directory <path>', 'the spec repository, instead of the folder you are in')
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
    })
    .exitOverride((error: CommanderError) => {
      if (error.exitCode === 0) return
      throw new UsageError('')
    })
    .showHelpAfterError('(specyard <command> --help says how)')
    .addHelpText(
      'after',
      `
Exit codes: ${exitCodes.fine} fine; ${exitCodes.problems} problems in specs, or a run that failed; ${exitCodes.usage} wrong use; ${exitCodes.outside} the outside world failed or a time limit passed

Examples:
  specyard up                     run the specs of this folder on this machine, and watch them
  specyard check                  find every problem of the specs
  specyard trace <anything>       where a run, pod, commit, model version or endpoint comes from and what came of it`,
    )
  for (const add of commands) add(program, world)
  return program
}

function integer(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`error: "${text}" is not a whole number`)
  return Number(text)
}

/** Milliseconds of `90`, `90s`, `10m` or `2h`. */
function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})(s|m|h)?$/.exec(text) ?? []
  if (number === undefined) throw new UsageError(`error: "${text}" is not a duration; write 90s, 10m or 2h`)
  return Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[(unit ?? 's') as 's' | 'm' | 'h']
}

/** `0.0.0.0:8788`, `[::1]:8788`. */
function listenAddress(text: string): { host: string; port: number } {
  const [, six, four, port] = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = six ?? four
  if (host === undefined || Number(port) > 65_535)
    throw new UsageError(`error: "${text}" is not an address; write 0.0.0.0:8788`)
  return { host, port: Number(port) }
}

function leaseName(text: string): { namespace: string; name: string } {
  const [, namespace, name] = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(text) ?? []
  if (namespace === undefined || name === undefined)
    throw new UsageError(`error: "${text}" is not a Lease; write namespace/name`)
  return { namespace, name }
}

const addUp: AddCommand = (program, world) => {
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
      const { runUp } = await import('./commands/up.ts')
      world.exit(await runUp(world, folder(program, world), options))
    })
}

const addCheck: AddCommand = (program, world) => {
  program
    .command('check')
    .description('find every problem of the specs; changes nothing')
    .argument('[paths...]', 'files and folders to tell the problems of; - reads one from standard input')
    .option('--stdin-path <path>', 'the path that standard input is looked at under')
    .addOption(outputOption(['human', 'json', 'github', 'sarif', 'junit']))
    .addHelpText(
      'after',
      '\nAll specs are read, because they refer to each other; without paths the problems of all are told.\n\nExamples:\n  specyard check\n  specyard check specs/handbook --output sarif > specyard.sarif\n  specyard check - --stdin-path specs/handbook/training.yaml < draft.yaml',
    )
    .action(async (paths: readonly string[], options: CheckFlags) => {
      const { runCheck } = await import('./commands/check.ts')
      world.exit(await runCheck(world, folder(program, world), paths, options))
    })
}

const addCompile: AddCommand = (program, world) => {
  program
    .command('compile')
    .description('print the tree that would be published, or write it to a folder')
    .option('--to <folder>', 'write the files there instead of printing them')
    .option('--rev <revision>', 'of a commit, branch or tag, which need not be checked out')
    .addHelpText(
      'after',
      '\nExamples:\n  specyard compile\n  specyard compile --to /tmp/tree\n  specyard compile --rev origin/main',
    )
    .action(async (options: { to?: string; rev?: string }) => {
      const { runCompile } = await import('./commands/compile.ts')
      world.exit(await runCompile(world, folder(program, world), options))
    })
}

const addPublish: AddCommand = (program, world) => {
  program
    .command('publish')
    .description('compile the specs and commit the difference to the deploy repository')
    .addOption(outputOption(['human', 'json']))
    .addHelpText('after', '\nExamples:\n  specyard publish\n  specyard publish --output json')
    .action(async (options: { output: 'human' | 'json' }) => {
      const { runPublish } = await import('./commands/publish.ts')
      world.exit(await runPublish(world, folder(program, world), options))
    })
}

const addBootstrap: AddCommand = (program, world) => {
  program
    .command('bootstrap')
    .description('print what a person applies once, where Argo CD runs: the root Application of each environment')
    .option('--environment <name...>', 'these environments alone')
    .option('--check', 'look at what they depend on instead: deploy repository, Argo CD, rights, nodes')
    .option('--as <user>', 'with --check: whose rights, such as system:serviceaccount:specyard:specyard-reconciler')
    .addHelpText(
      'after',
      '\nExamples:\n  specyard bootstrap | kubectl apply -f -\n  specyard bootstrap --environment prod\n  specyard bootstrap --check',
    )
    .action(async (options: BootstrapFlags) => {
      const { runBootstrap } = await import('./commands/bootstrap.ts')
      world.exit(await runBootstrap(world, folder(program, world), options))
    })
}

const addStatus: AddCommand = (program, world) => {
  program
    .command('status')
    .description('what runs, serves and waits')
    .addOption(outputOption(['human', 'json']))
    .addHelpText('after', '\nExamples:\n  specyard status\n  specyard status --output json')
    .action(async (options: { output: 'human' | 'json' }) => {
      const { runStatus } = await import('./commands/status.ts')
      world.exit(await runStatus(world, folder(program, world), options))
    })
}

const addLogs: AddCommand = (program, world) => {
  program
    .command('logs <run>')
    .description('the log of a run, by its name, id or Job name')
    .option('--attempt <number>', 'the attempt; the newest unless told', integer)
    .option('--tail <lines>', 'how many of the last lines', integer, 200)
    .addHelpText(
      'after',
      '\nExamples:\n  specyard logs handbook-lm\n  specyard logs handbook-retry --attempt 1 --tail 20',
    )
    .action(async (run: string, options: { attempt?: number; tail: number }) => {
      const { runLogs } = await import('./commands/logs.ts')
      world.exit(await runLogs(world, folder(program, world), run, options))
    })
}

const addTrace: AddCommand = (program, world) => {
  program
    .command('trace <anything>')
    .description('the chain that something belongs to, from the line of a spec to the endpoint and back')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\n<anything> is a run, Job, pod, commit, spec file, model version (model@1), digest or endpoint.\n\nExamples:\n  specyard trace handbook-lm\n  specyard trace handbook-lm@1\n  specyard trace specs/handbook/training.yaml',
    )
    .action(async (text: string, options: { output: 'human' | 'json' }) => {
      const { runTrace } = await import('./commands/trace.ts')
      world.exit(await runTrace(world, folder(program, world), text, options))
    })
}

const severityOption = (flags: string, description: string, more: readonly string[] = []): Option =>
  new Option(flags, description).choices(['error', 'warning', 'note', ...more])

const addObserve: AddCommand = (program, world) => {
  program
    .command('observe')
    .description('look at a cluster and a deploy repository that Specyard does not write, and write to neither')
    .option('--kubeconfig <file>', 'instead of the one that kubectl would take')
    .option('--context <name>', 'of the kubeconfig; the current one unless told')
    .option('-n, --namespace <name...>', 'look for Jobs here, instead of where Applications put theirs')
    .option('--argocd-namespace <name>', 'where Argo CD keeps its Applications', 'argocd')
    .option(
      '--deploy-repository <url or path>',
      'the repository that Argo CD syncs: where Jobs come from, and who wrote it',
    )
    .option('--branch <name>', 'its branch', 'main')
    .option('--path <folder>', 'only what comes from below this folder of it')
    .option('--cache <folder>', 'keep the copy of it there for the next time, instead of in a temporary folder')
    .addOption(severityOption('--findings <least>', 'findings to print in tables', ['none']).default('warning'))
    .addOption(severityOption('--fail-on <least>', `exit with ${exitCodes.problems} when there is such a finding`))
    .option('-w, --watch', 'go on, and print what changes')
    .addOption(
      new Option('-o, --output <format>', 'how to print the result')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .addHelpText(
      'after',
      `
It lists and watches Applications, Jobs, pods, events and Kueue's Workloads, and reads no Secret; docs/observe.md has the Role. It needs no
specyard.yaml, no database and no tracker. Exit code ${exitCodes.outside} also says that something could not be looked at.

Examples:
  specyard observe --context production
  specyard observe --context production --deploy-repository git@git.example.com:ml/deploy.git
  specyard observe --namespace ml-team --deploy-repository ~/deploy --path teams/ml --output wide
  specyard observe --deploy-repository https://git.example.com/ml/deploy.git --fail-on error
  specyard observe --output json | jq '.findings[] | select(.code == "RERUN_BY_TTL")'
  specyard observe --watch`,
    )
    .action(async (options: ObserveFlags) => {
      const { runObserve } = await import('./commands/observe.ts')
      world.exit(await runObserve(world, folder(program, world), options))
    })
}

const addRequests: AddCommand = (program, world) => {
  for (const [verb, description] of [
    ['cancel', 'cancel a run: one commit takes its manifest away'],
    ['retry', 'skip the backoff of a waiting run, or run an ended one again by raising spec.rerun'],
  ] as const) {
    program
      .command(`${verb} <run>`)
      .description(description)
      .addHelpText('after', `\nExamples:\n  specyard ${verb} handbook-lm`)
      .action(async (run: string) => {
        const { runRequest } = await import('./commands/request.ts')
        world.exit(await runRequest(world, folder(program, world), verb, run))
      })
  }
}

const addReconcile: AddCommand = (program, world) => {
  program
    .command('reconcile')
    .description('look at clusters and records and bring the records up to date, until it is told to stop')
    .option('--once', 'one full pass, then end')
    .option('--lease <namespace/name>', 'the Lease by which one of several such processes leads', leaseName)
    .option('--environment <name...>', 'connect these environments alone, instead of all that the ledger names')
    .option('--health <host:port>', 'where probes and Prometheus may ask: /healthz, /readyz, /metrics', listenAddress)
    .addHelpText(
      'after',
      '\nClusters are connected by KUBECONFIG, or inside a cluster by the service account of the pod.\n\nExamples:\n  specyard reconcile --once\n  specyard reconcile --lease specyard/reconciler --health 0.0.0.0:8789',
    )
    .action(async (options: ReconcileFlags) => {
      const { runReconcile } = await import('./commands/reconcile.ts')
      world.exit(await runReconcile(world, folder(program, world), options))
    })
}

const addServe: AddCommand = (program, world) => {
  program
    .command('serve')
    .description('the API as a service, with a reconciler beside it')
    .option('--port <number>', 'port of the API on 127.0.0.1; 0 takes a free one', integer)
    .option('--callbacks <host:port>', 'where trainers on other machines reach their part of the API', listenAddress)
    .option('--no-reconcile', 'leave reconciling to processes of their own')
    .option('--environment <name...>', 'connect these environments alone, instead of all that the ledger names')
    .addHelpText(
      'after',
      '\nNeeds DATABASE_URL. Clusters are connected by KUBECONFIG, or inside a cluster by the service account of the pod.\n\nExamples:\n  specyard serve --callbacks 0.0.0.0:8788\n  specyard serve --no-reconcile --callbacks 0.0.0.0:8788',
    )
    .action(async (options: ServeFlags) => {
      const { runServe } = await import('./commands/serve.ts')
      world.exit(await runServe(world, folder(program, world), options))
    })
}

const addMigrate: AddCommand = (program, world) => {
  program
    .command('migrate <direction>')
    .description('the schema of the database: up, down (one step) or status')
    .addHelpText('after', '\nExamples:\n  specyard migrate status\n  DATABASE_URL=postgres://… specyard migrate up')
    .action(async (direction: string) => {
      if (direction !== 'up' && direction !== 'down' && direction !== 'status') {
        throw new UsageError(`error: "${direction}" is none of up, down, status`)
      }
      const { runMigrate } = await import('./commands/migrate.ts')
      world.exit(await runMigrate(world, folder(program, world), direction))
    })
}

const addRebuild: AddCommand = (program, world) => {
  program
    .command('rebuild')
    .description('make lost records anew: from the history of the deploy repository, the clusters and the tracker')
    .option('--into-existing', 'add what is missing to records that are there already')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\nWants a database without runs, and no other process that reconciles. What cannot be known any more stays empty, and says so.\n\nExamples:\n  specyard rebuild\n  DATABASE_URL=postgres://… specyard rebuild --output json\n  specyard rebuild --into-existing',
    )
    .action(async (options: RebuildFlags) => {
      const { runRebuild } = await import('./commands/rebuild.ts')
      world.exit(await runRebuild(world, folder(program, world), options))
    })
}

const commands: readonly AddCommand[] = [
  addUp,
  addCheck,
  addExplain,
  addCompile,
  addDiff,
  addDrift,
  addPublish,
  addBootstrap,
  addStatus,
  addLogs,
  addTrace,
  addObserve,
  addRequests,
  addReconcile,
  addServe,
  addMigrate,
  addRebuild,
]
