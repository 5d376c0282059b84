import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/*
 * One pod of a training of several: all call the first by its name, which lets them go on together once everyone has called. Where FAILS names a
 * rank and an attempt (`2@1`), that one gives up then, and the others wait for it as for a lost member of a collective operation.
 */

// Where the image has the worked example's client; here there is no such file.
const { clientOptions, createClient } = await import(new URL('specyard-client.mjs', 'file:///app/').href)

const { NODE_RANK = '', NNODES, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, ATTEMPT, FAILS = '' } = process.env
const say = (line) => process.stdout.write(`rank ${NODE_RANK}: ${line}\n`)
// As the first process of its container it would not hear of it otherwise.
process.once('SIGTERM', () => process.exit(143))

/** Answers everyone once all have called. */
function listen() {
  const callers = new Map()
  const server = createServer((request, response) => {
    callers.set(request.url.slice(1), response)
    if (callers.size < Number(NNODES)) return
    for (const waiting of callers.values()) waiting.setHeader('connection', 'close').end('go on')
    say(`called by ${[...callers.keys()].sort().join(' ')}`)
    server.close()
  })
  server.listen(Number(MASTER_PORT))
}

async function call() {
  const url = `http://${MASTER_ADDR}:${MASTER_PORT}/${NODE_RANK}-of-${WORLD_SIZE}`
  for (;;) {
    const isHeard = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isHeard) return
    await pause(200)
  }
}

say(`attempt ${ATTEMPT} of ${NNODES} pods`)
const specyard = createClient({ ...clientOptions(process.env), log: say })
if (NODE_RANK === '0') listen()
await call()
specyard.heartbeat({ step: 1, epoch: 1, loss: 1 })
const [failing, attempt] = FAILS.split('@')
if (attempt === ATTEMPT && failing === NODE_RANK) {
  say('gives up')
  process.exit(17)
}
if (attempt === ATTEMPT) await pause(600_000)
if (NODE_RANK === '0') await specyard.done({ outcome: 'SUCCEEDED', metrics: { pods: Number(NNODES) }, artifacts: [] })
await specyard.flush(5000)
say('ends')
