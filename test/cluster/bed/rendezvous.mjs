import { createServer } from 'node:http'

/*
 * One pod of a Job of several: rendezvous.mjs <name of index 0> <pods>
 * Index 0 waits for a call from each of the others and prints who called; the others call it by its name.
 */

const [first, pods] = process.argv.slice(2)
const index = Number(process.env.JOB_COMPLETION_INDEX)
const port = 8080

async function call() {
  for (;;) {
    const isHeard = await fetch(`http://${first}:${port}/${index}`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isHeard) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

if (index === 0) {
  const callers = new Set()
  const server = createServer((request, response) => {
    callers.add(Number(request.url.slice(1)))
    response.setHeader('connection', 'close').end()
    if (callers.size < Number(pods) - 1) return
    process.stdout.write(`${JSON.stringify([...callers].sort())}\n`)
    server.close()
  })
  server.listen(port)
} else {
  await call()
}
