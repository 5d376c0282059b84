import pc from 'picocolors'
import type { ProcessEnvironment } from '../house/environment.ts'
import type { Output } from '../world.ts'
import type { Paint, Terminal } from './problems.ts'

/** Colours for a stream that a person looks at; none without a terminal or with NO_COLOR. */
export function paintFor(stream: Output, environment: ProcessEnvironment): Paint | undefined {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb'
  if (!stream.isTTY || refused) return undefined
  const colours = pc.createColors(true)
  const of = { error: colours.red, warning: colours.yellow, note: colours.cyan }
  return {
    severity: (severity, text) => colours.bold(of[severity](text)),
    place: colours.bold,
    aside: colours.dim,
  }
}

/** How problems are shown on a stream: in colours, and no wider than the terminal is. */
export function terminalOf(stream: Output, environment: ProcessEnvironment): Terminal {
  const paint = paintFor(stream, environment)
  // Some terminals say that they are nothing wide, and mean that they do not know.
  const columns = stream.isTTY ? stream.columns || undefined : undefined
  return { ...(paint ? { paint } : {}), ...(columns ? { columns } : {}) }
}
