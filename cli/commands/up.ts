import pc from 'picocolors'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { UpFlags, World } from '../world.ts'
import { readSettings } from '../settings.ts'
import { up } from '../up/up.ts'
import { plainView, terminalView, type View } from '../up/view.ts'

/** After one interrupt the stop is orderly; npm and the terminal may both deliver it, so only a later one cuts it short. */
const secondInterruptMilliseconds = 2000

export async function runUp(world: World, directory: string, flags: UpFlags): Promise<ExitCode> {
  const settings = await readSettings(directory, world.environment)
  const stop = new AbortController()
  const release = onInterrupt(() => stop.abort())
  try {
    const end = await up(
      settings,
      {
        untilSettled: flags.untilSettled ?? false,
        fresh: flags.fresh ?? false,
        port: flags.port,
        timeoutMilliseconds: flags.timeout,
      },
      { environment: world.environment, view: chooseView(world, flags), stopped: stop.signal, now: world.now },
    )
    if (flags.output === 'json') world.stdout.write(`${JSON.stringify(end.document, null, 2)}\n`)
    if (end.document.reason) world.stderr.write(`${end.document.reason}\n`)
    return end.code
  } finally {
    release()
  }
}

function chooseView(world: World, flags: UpFlags): View {
  const stream = flags.output === 'json' ? world.stderr : world.stdout
  if (!stream.isTTY || world.environment['TERM'] === 'dumb') return plainView((text) => stream.write(text))
  return terminalView(
    stream,
    pc.createColors(world.environment['NO_COLOR'] === undefined || world.environment['NO_COLOR'] === ''),
  )
}

function onInterrupt(stop: () => void): () => void {
  let first: number | undefined
  const interrupted = (): void => {
    const at = performance.now()
    if (first !== undefined && at - first > secondInterruptMilliseconds) process.exit(exitCodes.outside)
    first ??= at
    stop()
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return () => {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}
