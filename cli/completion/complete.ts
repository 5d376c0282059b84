import type { Argument, Command, Option } from 'commander'

/** What a shell may offer for the word that is being written. */
export interface Offers {
  readonly candidates: readonly Candidate[]
  /** What the shell should look for by itself, besides. */
  readonly paths: 'files' | 'folders' | undefined
}

export interface Candidate {
  readonly value: string
  readonly description: string
}

/** What stands in the specs, asked for only where it is offered. */
export const sources = ['specs', 'specs and codes', 'trainings', 'endpoints', 'environments', 'kinds'] as const
export type Source = (typeof sources)[number]
export type Look = (source: Source, directory: string | undefined) => Promise<readonly Candidate[]>

/** What arguments and options mean, by their names in the help. */
const meanings: Readonly<Record<string, Source | 'files' | 'folders'>> = {
  ...{
    run: 'trainings',
    'run-or-endpoint': 'specs',
    endpoint: 'endpoints',
    anything: 'specs',
    what: 'specs and codes',
    env: 'environments',
    environment: 'environments',
  },
  ...{
    kind: 'kinds',
    paths: 'files',
    file: 'files',
    folder: 'folders',
    path: 'files',
    directory: 'folders',
    'url or path': 'folders',
  },
}

/** Where the words before the one that is being written lead. */
interface Position {
  readonly command: Command
  readonly isProgram: boolean
  /** Words of the command that are neither options nor their values. */
  readonly given: number
  readonly directory: string | undefined
  /** The option whose value comes next. */
  readonly option: Option | undefined
  readonly optionsEnded: boolean
}

/**
 * What may stand in the place of the last word of a command line.
 * @param words without the program itself; the last one is being written and may be empty
 */
export async function complete(program: Command, words: readonly string[], look: Look): Promise<Offers> {
  // Bash takes the sign in --output=json for a word of its own.
  const whole = words.filter((word) => word !== '=')
  const typed = whole.length === words.length || words.at(-1) !== '=' ? (whole.at(-1) ?? '') : ''
  const before = words.at(-1) === '=' ? whole : whole.slice(0, -1)
  const [, name, started] = /^(--[a-z-]+)=(.*)$/.exec(typed) ?? []
  const at = positionOf(program, name === undefined ? before : [...before, name])
  const offers = await offersAt(program, at, started ?? typed, look)
  const wanted = offers.candidates.filter((one) => one.value.startsWith(started ?? typed))
  const prefix = name === undefined ? '' : `${name}=`
  return { ...offers, candidates: wanted.map((one) => ({ ...one, value: `${prefix}${one.value}` })) }
}

function positionOf(program: Command, words: readonly string[]): Position {
  let command = program
  let given = 0
  let directory: string | undefined
  let option: Option | undefined
  let optionsEnded = false
  for (const word of words) {
    if (option && !(option.variadic && word.startsWith('-'))) {
      if (option.attributeName() === 'directory') directory = word
      if (!option.variadic) option = undefined
    } else if (word === '--') optionsEnded = true
    else if (word.startsWith('-') && !optionsEnded) {
      const found = optionsOf(program, command).find((one) => one.short === word || one.long === word)
      option = found && (found.required || found.optional) ? found : undefined
    } else if (command === program) command = program.commands.find((one) => one.name() === word) ?? program
    else given += 1
  }
  return { command, isProgram: command === program, given, directory, option, optionsEnded }
}

async function offersAt(program: Command, at: Position, typed: string, look: Look): Promise<Offers> {
  if (typed.startsWith('-') && !at.optionsEnded && !at.option?.required)
    return { candidates: flags(program, at.command), paths: undefined }
  if (at.option) {
    const placeholder = /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(at.option.flags)?.[1] ?? ''
    return meant(at.option.argChoices, [at.option.attributeName(), placeholder], at.directory, look)
  }
  if (at.isProgram) return { candidates: commandsOf(program), paths: undefined }
  const { registeredArguments: all } = at.command
  const last = all.at(-1)
  const wanted: Argument | undefined = all[at.given] ?? (last?.variadic ? last : undefined)
  if (!wanted) return { candidates: [], paths: undefined }
  return meant(wanted.argChoices, [wanted.name()], at.directory, look)
}

async function meant(
  choices: readonly string[] | undefined,
  names: readonly string[],
  directory: string | undefined,
  look: Look,
): Promise<Offers> {
  if (choices) return { candidates: choices.map((value) => ({ value, description: '' })), paths: undefined }
  const meaning = names
    .map((name) => (Object.hasOwn(meanings, name) ? meanings[name] : undefined))
    .find((one) => one !== undefined)
  if (meaning === 'files' || meaning === 'folders') return { candidates: [], paths: meaning }
  return { candidates: meaning ? await look(meaning, directory) : [], paths: undefined }
}

function optionsOf(program: Command, command: Command): readonly Option[] {
  return command === program ? program.options : [...command.options, ...program.options]
}

function flags(program: Command, command: Command): readonly Candidate[] {
  const help = { value: '--help', description: 'say how the command is used' }
  const own = optionsOf(program, command).filter((one) => !one.hidden && one.long !== '--version')
  return [...own.map((one) => ({ value: one.long ?? one.short ?? '', description: one.description })), help]
}

function commandsOf(program: Command): readonly Candidate[] {
  const { visibleCommands } = program.createHelp()
  return visibleCommands
    .call(program.createHelp(), program)
    .map((one) => ({ value: one.name(), description: one.description() }))
}
