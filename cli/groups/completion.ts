import { Argument, type Command } from 'commander'
import type { AddCommand } from '../command.ts'
import { type Shell, shells } from '../completion/shells.ts'

// What shells ask, and what they are told.

export const addCompletion: AddCommand = (program, world) => {
  program
    .command('completion')
    .description('the script by which a shell completes commands, options and names of specs')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(specyard completion bash)     in ~/.bashrc
  source <(specyard completion zsh)      in ~/.zshrc, behind compinit
  specyard completion fish > ~/.config/fish/completions/specyard.fish`,
    )
    .action(async (shell: Shell) => {
      const { scripts } = await import('../completion/scripts.ts')
      world.stdout.write(scripts[shell])
    })
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      world.stdout.write(await answer(program, words))
    })

  async function answer(whole: Command, words: readonly string[]): Promise<string> {
    const { complete } = await import('../completion/complete.ts')
    const { lookInSpecs } = await import('../completion/look.ts')
    const { printable } = await import('../terminal/printable.ts')
    const { candidates, paths } = await complete(whole, words, lookInSpecs(world))
    const lines = candidates.map(({ value, description }) => `${printable(value)}\t${printable(description)}`.trimEnd())
    return [...lines, ...(paths ? [`:${paths}`] : [])].map((line) => `${line}\n`).join('')
  }
}
