import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/* Runs the steps of a composite action as GitHub's runner does: the same shell, the same files and variables, the same expressions. */

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: {
    readonly steps: readonly {
      readonly id: string
      readonly shell: string
      readonly env?: Readonly<Record<string, string>>
      readonly run: string
    }[]
  }
}

export interface ActionRun {
  /** The step that failed, if one did. */
  readonly failed: string | undefined
  readonly outputs: Readonly<Record<string, string>>
  readonly log: string
  readonly summary: string
}

/**
 * The commands that the runner takes out of a log: lines that begin with two colons, whatever is before them, and what `##[` begins anywhere; none
 * between `::stop-commands::` with a word and that word.
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function commandsIn(log: string): readonly string[] {
  const commands: string[] = []
  let stoppedUntil: string | undefined
  for (const line of log.split('\n').map((one) => one.trim())) {
    const command = line.startsWith('::') ? line : /##\[.*/.exec(line)?.[0]
    if (command === undefined || (stoppedUntil !== undefined && command !== `::${stoppedUntil}::`)) continue
    if (stoppedUntil === undefined) {
      stoppedUntil = /^::stop-commands::(.+)$/.exec(command)?.[1]
      if (stoppedUntil === undefined) commands.push(command)
    } else stoppedUntil = undefined
  }
  return commands
}

export interface Workflow {
  /** The folder of the action, and that of the checkout. */
  readonly action: string
  readonly workspace: string
  /** For what the runner keeps. */
  readonly folder: string
  readonly inputs: Readonly<Record<string, string>>
  readonly event: object
  readonly token: string
  readonly api: string
}

export async function runAction(workflow: Workflow): Promise<ActionRun> {
  const { action: path, folder, event, token, workspace } = workflow
  const action = parse(readFileSync(join(path, 'action.yml'), 'utf8')) as Action
  const temporary = join(folder, 'temp')
  mkdirSync(temporary, { recursive: true })
  const file = (name: string): string => join(folder, name)
  writeFileSync(file('event.json'), JSON.stringify(event))
  writeFileSync(file('summary.md'), '')
  writeFileSync(file('path'), '')
  const github = { token, event }
  const defaults = Object.fromEntries(
    Object.entries(action.inputs).map(([name, one]) => [name, evaluate(one.default ?? '', { github })]),
  )
  const context = {
    github,
    inputs: { ...defaults, ...workflow.inputs },
    steps: {} as Record<string, { outputs: Record<string, string> }>,
  }
  let log = ''
  let failed: string | undefined
  for (const step of action.runs.steps) {
    const output = file(`output-${step.id}`)
    writeFileSync(output, '')
    writeFileSync(file(`${step.id}.sh`), step.run)
    const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, evaluate(text, context)])
    const environment = {
      PATH: [...lines(file('path')).toReversed(), process.env['PATH']].join(':'),
      ...{
        HOME: folder,
        GITHUB_ACTIONS: 'true',
        GITHUB_REPOSITORY: 'ml/specs',
        GITHUB_API_URL: workflow.api,
        GITHUB_WORKSPACE: workspace,
      },
      ...{
        GITHUB_ACTION_PATH: path,
        GITHUB_EVENT_PATH: file('event.json'),
        GITHUB_OUTPUT: output,
        GITHUB_PATH: file('path'),
      },
      ...{
        GITHUB_STEP_SUMMARY: file('summary.md'),
        RUNNER_TEMP: temporary,
        npm_config_cache: process.env['npm_config_cache'],
      },
      ...(Object.fromEntries(own) as Record<string, string>),
    }
    if (step.shell !== 'bash') throw new Error(`the step ${step.id} wants the shell ${step.shell}`)
    const { code, said } = await run(
      ['--noprofile', '--norc', '-eo', 'pipefail', file(`${step.id}.sh`)],
      workspace,
      environment,
    )
    log += said
    context.steps[step.id] = {
      outputs: Object.fromEntries(
        lines(output).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
    }
    if (code === 0) continue
    failed = step.id
    break
  }
  const outputs = Object.fromEntries(
    Object.entries(action.outputs).map(([name, one]) => [name, evaluate(one.value, context)]),
  )
  return { failed, outputs, log, summary: readFileSync(file('summary.md'), 'utf8') }
}

/** Expressions that ours uses: paths, and `||` between them. */
function evaluate(text: string, context: object): string {
  return text.replaceAll(/\$\{\{ (.+?) \}\}/g, (_whole, expression: string) => {
    for (const path of expression.split(' || ')) {
      if (!/^[a-z_]+(\.[a-z_]+)+$/.test(path)) throw new Error(`the expression ${expression} is not known here`)
      const value = path
        .split('.')
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], context)
      if (value !== undefined && value !== null && value !== '') return String(value as string)
    }
    return ''
  })
}

function lines(path: string): string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}

function run(
  options: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', options, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, said }))
  })
}
