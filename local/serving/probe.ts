import { get } from 'node:http'

/** Whether a server answers a probe within a second with a status from 200 to 399, as the kubelet judges it. */
export async function probe(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 1000, agent: false }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status >= 200 && status < 400)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    // A body that never ends says nothing more than its status does.
    request.on('response', (response) => response.on('data', () => request.destroy()))
  })
}
