import { Option } from 'commander'
import { drafts } from '../../compiler/schema/drafts.ts'
import { type AddCommand, folder } from '../command.ts'
import type { FmtFlags } from '../commands/fmt.ts'
import type { SchemaFlags } from '../commands/schema.ts'
import { exitCodes } from '../exit.ts'

// The commands for writing specs: what editors, hooks and forges are given.

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
