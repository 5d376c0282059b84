import { type AddCommand, folder, kubeVersionOption, outputOption } from '../command.ts'
import type { BootstrapFlags } from '../commands/bootstrap.ts'
import type { CheckFlags } from '../commands/check.ts'
import type { CompileFlags } from '../commands/compile.ts'
import type { PublishFlags } from '../commands/publish.ts'

// The commands that look at specs, and put what they say where it is synced from.

const noCache = 'read every file anew, and remember nothing of it'

export const addCheck: AddCommand = (program, world) => {
  program
    .command('check')
    .description('find every problem of the specs; changes nothing')
    .argument('[paths...]', 'files and folders to tell the problems of; - reads one from standard input')
    .option('--stdin-path <path>', 'the path that standard input is looked at under')
    .addOption(kubeVersionOption())
    .option('--no-cache', noCache)
    .addOption(outputOption(['human', 'json', 'github', 'sarif', 'junit']))
    .addHelpText(
      'after',
      '\nAll specs are read, because they refer to each other; without paths the problems of all are told.\n\nExamples:\n  specyard check\n  specyard check specs/handbook --output sarif > specyard.sarif\n  specyard check - --stdin-path specs/handbook/training.yaml < draft.yaml',
    )
    .action(async (paths: readonly string[], options: CheckFlags) => {
      const { runCheck } = await import('../commands/check.ts')
      world.exit(await runCheck(world, folder(program, world), paths, options))
    })
}

export const addCompile: AddCommand = (program, world) => {
  program
    .command('compile')
    .description('print the tree that would be published, or write it to a folder')
    .option('--to <folder>', 'write the files there instead of printing them')
    .option('--rev <revision>', 'of a commit, branch or tag, which need not be checked out')
    .addOption(kubeVersionOption())
    .option('--no-cache', noCache)
    .addHelpText(
      'after',
      '\nExamples:\n  specyard compile\n  specyard compile --to /tmp/tree\n  specyard compile --rev origin/main',
    )
    .action(async (options: CompileFlags) => {
      const { runCompile } = await import('../commands/compile.ts')
      world.exit(await runCompile(world, folder(program, world), options))
    })
}

export const addPublish: AddCommand = (program, world) => {
  program
    .command('publish')
    .description('compile the specs and commit the difference to the deploy repository')
    .addOption(kubeVersionOption())
    .addOption(outputOption(['human', 'json']))
    .addHelpText('after', '\nExamples:\n  specyard publish\n  specyard publish --output json')
    .action(async (options: PublishFlags) => {
      const { runPublish } = await import('../commands/publish.ts')
      world.exit(await runPublish(world, folder(program, world), options))
    })
}

export const addBootstrap: AddCommand = (program, world) => {
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
      const { runBootstrap } = await import('../commands/bootstrap.ts')
      world.exit(await runBootstrap(world, folder(program, world), options))
    })
}
