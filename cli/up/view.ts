import { createLogUpdate } from 'log-update'
import type pc from 'picocolors'
import { isTerminal, type Run } from '../../domain/run.ts'
import { name, type State } from './state.ts'

type Colors = ReturnType<typeof pc.createColors>

/** Where `up` speaks: lines for what happened and, on a terminal, a live picture of what goes on below them. */
export interface View {
  line(text: string): void
  show(state: State): void
  /** Leaves the last picture behind, with endpoints that no longer serve; lines may follow it. */
  stop(): void
}

/** Lines alone: every change of a run or endpoint is one, and progress a line every quarter. */
export function plainView(write: (text: string) => void): View {
  const shown = new Map<string, string>()
  const quarters = new Map<string, number>()
  const tell = (key: string, text: string): void => {
    if (shown.get(key) === text) return
    shown.set(key, text)
    write(`${text}\n`)
  }
  return {
    line: (text) => write(`${text}\n`),
    show: (state) => {
      for (const run of state.runs) {
        tell(run.id, runLine(run))
        const quarter = Math.floor((run.progress?.percentage ?? 0) / 25)
        const key = `${run.id}/${run.attempt}`
        if (run.state === 'RUNNING' && run.progress && quarter > (quarters.get(key) ?? 0)) {
          quarters.set(key, quarter)
          write(`${name(run)}  ${howFar(run.progress)}  (${Math.round(run.progress.percentage ?? 0)} %)\n`)
        }
      }
      for (const model of state.models) {
        tell(
          `${model.project}/${model.model}@${model.version}`,
          `${model.project}/${model.model}  version ${model.version} registered  (${model.digest.slice(0, 19)})`,
        )
      }
      for (const endpoint of state.endpoints) {
        const detail = endpoint.status === 'healthy' ? (endpoint.url ?? '') : endpoint.message || endpoint.reason
        tell(name(endpoint), `${name(endpoint)}  ${endpoint.status}${detail ? `  ${detail}` : ''}`)
      }
    },
    stop: () => undefined,
  }
}

function runLine(run: Run): string {
  const attempt = run.attempt > 1 ? `  attempt ${run.attempt}` : ''
  const why = run.reason && run.reason !== run.state ? `  ${run.reason}` : ''
  return `${name(run)}  ${run.state}${attempt}${why}${run.state === 'FAILED' && run.message ? `: ${run.message}` : ''}`
}

/** A live picture on a terminal: one row for each run and endpoint, redrawn in place. */
export function terminalView(stream: NodeJS.WriteStream, colors: Colors): View {
  const draw = createLogUpdate(stream)
  let picture = ''
  let last: State | undefined
  return {
    line: (text) => {
      draw.clear()
      stream.write(`${text}\n`)
      if (picture) draw(picture)
    },
    show: (state) => {
      last = state
      picture = drawState(state, colors, stream.columns ?? 80)
      draw(picture)
    },
    stop: () => {
      draw.clear()
      picture = ''
      if (last) stream.write(`${drawState(stopped(last), colors, stream.columns ?? 80)}\n`)
      last = undefined
    },
  }
}

/** What runs and serves as it is once everything has been stopped in order: the picture stays on the screen. */
function stopped(state: State): State {
  return {
    ...state,
    runs: state.runs.map((run) =>
      run.state === 'RUNNING'
        ? { ...run, state: 'QUEUED', reason: 'Interrupted', message: 'resumes at the next start' }
        : run,
    ),
    endpoints: state.endpoints.map((endpoint) =>
      endpoint.status === 'waiting' || endpoint.status === 'failed'
        ? endpoint
        : { ...endpoint, status: 'degraded', message: 'stopped; the next start brings it up again' },
    ),
  }
}

function drawState(state: State, colors: Colors, columns: number): string {
  const width = Math.min(44, Math.max(12, ...[...state.runs, ...state.endpoints].map((one) => name(one).length)))
  const rows = [
    ...worthARow(state.runs).map((run) => {
      const label = paintState(run.state.padEnd(9), run.state, colors)
      return `${name(run).padEnd(width)}  ${label}  ${runDetail(run, colors)}`
    }),
    ...state.endpoints.map((endpoint) => {
      const detail = endpoint.status === 'healthy' ? (endpoint.url ?? '') : endpoint.message || endpoint.reason
      return `${name(endpoint).padEnd(width)}  ${paintState(endpoint.status.padEnd(9), endpoint.status, colors)}  ${detail}`
    }),
  ]
  return rows.map((row) => cut(row, columns - 1)).join('\n')
}

/** The newest run of each name, and older ones that have not ended: a day of saving must not fill the screen. */
function worthARow(runs: readonly Run[]): readonly Run[] {
  const newest = new Map(runs.map((run) => [name(run), run.id]))
  return runs.filter((run) => !isTerminal(run.state) || newest.get(name(run)) === run.id)
}

function runDetail(run: Run, colors: Colors): string {
  const attempt = run.attempt > 1 ? `attempt ${run.attempt}  ` : ''
  if (run.state === 'RUNNING' && run.progress) {
    const percentage = run.progress.percentage ?? 0
    return `${attempt}${bar(percentage, colors)} ${String(Math.round(percentage)).padStart(3)} %  ${howFar(run.progress)}`
  }
  if (isTerminal(run.state) && run.finalMetrics) {
    // What was measured on unseen data comes first: it is what people look for.
    const metrics = Object.entries(run.finalMetrics)
      .sort(([left], [right]) => Number(right.startsWith('test')) - Number(left.startsWith('test')))
      .slice(0, 3)
    return attempt + metrics.map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`).join('  ')
  }
  return attempt + [run.reason, run.message].filter(Boolean).join(': ')
}

/** A trainer says what it counts: epochs of a known number, epochs, or steps alone. */
export function howFar({ step, epoch, totalEpochs }: NonNullable<Run['progress']>): string {
  if (epoch === null) return `step ${step ?? 0}`
  return totalEpochs === null ? `epoch ${epoch}` : `epoch ${epoch}/${totalEpochs}`
}

function bar(percentage: number, colors: Colors): string {
  const full = Math.round((Math.min(100, Math.max(0, percentage)) / 100) * 20)
  return colors.cyan('█'.repeat(full)) + colors.dim('░'.repeat(20 - full))
}

function paintState(text: string, state: string, colors: Colors): string {
  if (state === 'SUCCEEDED' || state === 'healthy') return colors.green(text)
  if (state === 'FAILED' || state === 'failed') return colors.red(text)
  if (state === 'RUNNING' || state === 'deploying') return colors.cyan(text)
  if (state === 'CANCELLED' || state === 'degraded') return colors.yellow(text)
  return colors.dim(text)
}

/** Cuts a row to a width without counting or breaking its colour codes. */
function cut(row: string, width: number): string {
  let seen = 0
  let result = ''
  for (const part of row.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) result += part
    else {
      result += part.slice(0, Math.max(0, width - seen))
      seen += part.length
    }
  }
  return result
}
