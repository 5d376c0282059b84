import { Option } from 'commander'
import { drafts } from '../../compiler/schema/drafts.ts'
import { integer } from '../arguments.ts'
import { type AddCommand, folder } from '../command.ts'
import type { CommentFlags } from '../commands/comment.ts'
import type { FmtFlags } from '../commands/fmt.ts'
import type { InitFlags } from '../commands/init.ts'
import type { SchemaFlags } from '../commands/schema.ts'
import { exitCodes } from '../exit.ts'

// The commands for writing specs: what editors, hooks and forges are given.

export const addInit: AddCommand = (program, world) => {
  program
    .command('init [folder]')
    .description('make a folder a spec repository: a training and an endpoint that run here, editors, hooks and CI')
    .option('--project <name>', 'the team or product that its specs belong to; the name of the folder unless told')
    .option('--name <name>', 'of its first model, training and endpoint', 'hello')
    .option(
      '--source <owner/name>',
      'the repository of the forge that has the action and the hooks',
      'specyard/specyard',
    )
    .option('--git', 'make it a Git repository too')
    .addHelpText(
      'after',
      `
It asks nothing and overwrites nothing. What any repository may have (README.md, .gitignore, CI …) stays as it is; where specyard.yaml or a spec
is there already, nothing is written. In a folder of another repository of Git, CI and hooks go to the root of that.

Examples:
  specyard init
  specyard init specs-of-vision --project vision --name classifier --git`,
    )
    .action(async (into: string | undefined, options: InitFlags) => {
      const { runInit } = await import('../commands/init.ts')
      world.exit(await runInit(world, folder(program, world), into ?? '.', options))
    })
}

export const addFmt: AddCommand = (program, world) => {
  program
    .command('fmt')
    .description('lay spec files out: key order, indentation, blank lines; keeps comments, quotes and every value')
    .argument(
      '[paths...]',
      'files and folders under specs/, all unless told; - formats standard input to standard output',
    )
    .option('--check', 'change nothing; say which files are not laid out')
    .option('--diff', 'change nothing; print what would change')
    .option('--modeline [address]', 'name its schema above each document, by this folder or address of schemas')
    .addHelpText(
      'after',
      `
A file that cannot be read is left alone, and its problem told. Formatting twice is formatting once.

Exit codes: ${exitCodes.fine} fine; ${exitCodes.problems} a file cannot be read, or with --check or --diff is not laid out

Examples:
  specyard fmt
  specyard fmt --check
  specyard fmt --diff specs/handbook
  specyard fmt --modeline schemas
  specyard fmt - < draft.yaml`,
    )
    .action(async (paths: readonly string[], options: FmtFlags) => {
      const { runFmt } = await import('../commands/fmt.ts')
      world.exit(await runFmt(world, folder(program, world), paths, options))
    })
}

export const addSchema: AddCommand = (program, world) => {
  program
    .command('schema [kind]')
    .description('the JSON Schema of a kind of document, or one for all kinds; for editors and other programs')
    .addOption(
      new Option('--draft <draft>', 'of JSON Schema; editors read draft-07').choices(drafts).default('2020-12'),
    )
    .option('--to <folder>', 'write the schemas of all kinds, or of the one, there instead of printing')
    .option('--catalog', 'print the entry for a catalogue of schemas such as SchemaStore')
    .addHelpText(
      'after',
      `
Both drafts accept and refuse the same documents.

Examples:
  specyard schema TrainingJob
  specyard schema --draft draft-07 --to schemas
  specyard schema --catalog`,
    )
    .action(async (kind: string | undefined, options: SchemaFlags) => {
      const { runSchema } = await import('../commands/schema.ts')
      world.exit(await runSchema(world, folder(program, world), kind, options))
    })
}

export const addComment: AddCommand = (program, world) => {
  program
    .command('comment <file>')
    .description(
      'put what diff --output markdown says on a pull request of GitHub; a comment that is there is written anew',
    )
    .option('--pull-request <number>', 'instead of the one that the workflow runs for', integer)
    .option('--repository <owner/name>', 'instead of GITHUB_REPOSITORY')
    .option('--key <name>', 'tells several comments on one pull request apart, such as those of several folders')
    .addHelpText(
      'after',
      `
<file> is a text of specyard diff; - reads it from standard input. Reads GITHUB_TOKEN, and GITHUB_REPOSITORY, GITHUB_API_URL and GITHUB_EVENT_PATH,
which workflows have. Where the token may not write, as for forks, it says so and is fine.

Examples:
  specyard diff origin/main...HEAD --output markdown > comment.md; specyard comment comment.md
  specyard comment comment.md --repository example/specs --pull-request 12`,
    )
    .action(async (file: string, options: CommentFlags) => {
      const { runComment } = await import('../commands/comment.ts')
      world.exit(await runComment(world, folder(program, world), file, options))
    })
}
