import pc from 'picocolors'
import type { ExitCode } from '../exit.ts'
import { onInterrupt } from '../terminal/interrupt.ts'
import type { Output, UpFlags, World } from '../world.ts'
import { readSettings } from '../house/settings.ts'
import { up } from '../up/up.ts'
import { plainView, terminalView, type View } from '../up/view.ts'

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
  if (!isTerminal(stream) || world.environment['TERM'] === 'dumb') return plainView((text) => stream.write(text))
  return terminalView(
    stream,
    pc.createColors(world.environment['NO_COLOR'] === undefined || world.environment['NO_COLOR'] === ''),
  )
}

function isTerminal(stream: Output): stream is NodeJS.WriteStream {
  return stream.isTTY === true
}
