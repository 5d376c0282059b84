import { Argument, Option } from 'commander'
import { integer, leaseName, listenAddress } from '../arguments.ts'
import { type AddCommand, folder, outputOption } from '../command.ts'
import type { ObserveFlags } from '../commands/observe.ts'
import type { RebuildFlags } from '../commands/rebuild.ts'
import type { ReconcileFlags } from '../commands/reconcile.ts'
import type { ServeFlags } from '../commands/serve.ts'
import { exitCodes } from '../exit.ts'

// The commands that follow clusters, serve the API and keep its records.

const severityOption = (flags: string, description: string, more: readonly string[] = []): Option =>
  new Option(flags, description).choices(['error', 'warning', 'note', ...more])

export const addObserve: AddCommand = (program, world) => {
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
      const { runObserve } = await import('../commands/observe.ts')
      world.exit(await runObserve(world, folder(program, world), options))
    })
}

export const addReconcile: AddCommand = (program, world) => {
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
      const { runReconcile } = await import('../commands/reconcile.ts')
      world.exit(await runReconcile(world, folder(program, world), options))
    })
}

export const addServe: AddCommand = (program, world) => {
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
      const { runServe } = await import('../commands/serve.ts')
      world.exit(await runServe(world, folder(program, world), options))
    })
}

export const addMigrate: AddCommand = (program, world) => {
  program
    .command('migrate')
    .description('the schema of the database: up, down (one step) or status')
    .addArgument(new Argument('<direction>', 'where to').choices(['up', 'down', 'status']))
    .addHelpText('after', '\nExamples:\n  specyard migrate status\n  DATABASE_URL=postgres://… specyard migrate up')
    .action(async (direction: 'up' | 'down' | 'status') => {
      const { runMigrate } = await import('../commands/migrate.ts')
      world.exit(await runMigrate(world, folder(program, world), direction))
    })
}

export const addRebuild: AddCommand = (program, world) => {
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
      const { runRebuild } = await import('../commands/rebuild.ts')
      world.exit(await runRebuild(world, folder(program, world), options))
    })
}
