// Sends callbacks as fast as they are answered. Plain JavaScript, because threads start without a loader of types.
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

/** @type {import('./load.ts').Load} */
const { url, trainers, callbacks, connections, firstSequence } = workerData
const agent = new Agent({ keepAlive: true, maxSockets: connections })
let refused = 0
let first = ''

/** @param {number} index */
function send(index) {
  const trainer = trainers[index % trainers.length]
  const sequence = firstSequence + index + 1
  const isEvent = index % 5 === 4
  const said = isEvent
    ? { type: 'epoch_end', epoch: 1, step: sequence, metrics: { loss: 0.5 } }
    : {
        step: sequence,
        epoch: 1,
        total_epochs: 10,
        loss: 0.51,
        accuracy: 0.72,
        gpu_utilization: 93,
        memory_usage_gb: 7.1,
      }
  const body = JSON.stringify({ pod_uid: 'pod-1', sequence, trace_id: trainer.runId, ...said })
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/jobs/${trainer.runId}/${isEvent ? 'event' : 'heartbeat'}`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${trainer.token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => {
          if (response.statusCode !== 200 && refused++ === 0) first = `${response.statusCode} ${text}`
          resolve(undefined)
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

let next = 0
async function lane() {
  while (next < callbacks) await send(next++)
}

const began = performance.now()
await Promise.all(Array.from({ length: connections }, lane))
parentPort?.postMessage({ seconds: (performance.now() - began) / 1000, refused, first })
